import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { accuracyFront, frontPoints, gatherResults } from "../src/index.ts";
import { doneRecord, failedRecord } from "./records.ts";

const results = gatherResults(
  [
    doneRecord({ recipe: "lora-8", best: 0.7, bitOperations: 1000 }),
    doneRecord({ recipe: "cheap", best: 0.71, bitOperations: 100 }),
    doneRecord({ recipe: "cheapest", best: 0.6, bitOperations: 10 }),
    doneRecord({ recipe: "head", best: 0.5, bitOperations: 0, baseline: 0 }),
    doneRecord({ task: "mrpc", recipe: "lora-8", best: 0.9, bitOperations: 1000 }),
  ],
  "lora-8",
);

describe("the front", () => {
  test("joins what nothing beats, panel by panel", () => {
    const panel = (name: string) => frontPoints(results).filter((point) => point.panel === name);
    expect(panel("rte").map(({ recipe, onFront }) => [recipe, onFront])).toEqual([
      ["cheap", true],
      ["cheapest", true],
      ["lora-8", false],
    ]);
    expect(panel("mean of all tasks").map(({ recipe, cost, score }) => [recipe, cost, score])).toEqual([
      ["lora-8", 1, 0.8],
    ]);
  });

  test("leaves out exactly the points another one beats", () => {
    const point = fc.record({ best: fc.integer({ min: 0, max: 9 }), bitOperations: fc.integer({ min: 1, max: 9 }) });
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 12 }), (facts) => {
        const records = facts.map((fact, index) => doneRecord({ recipe: `r${index}`, ...fact }));
        const points = frontPoints(gatherResults(records, "none"));
        const front = points.filter(({ onFront }) => onFront).sort((a, b) => a.cost - b.cost);
        expect(front.length).toBeGreaterThan(0);
        for (const { cost, score, onFront } of points) {
          const beaten = points.some(
            (other) => other.cost <= cost && other.score >= score && (other.cost < cost || other.score > score),
          );
          expect(onFront).toBe(!beaten);
        }
      }),
    );
  });

  test("is drawn with a mark for each point, in ink that follows the theme", async () => {
    const svg = (await accuracyFront(results))!;
    expect(svg.match(/aria-roledescription="point"/g)).toHaveLength(frontPoints(results).length);
    expect(svg).toContain("prefers-color-scheme:dark");
    expect(svg).toContain("currentColor");
  });

  test("is not drawn where nothing has a price", async () => {
    expect(await accuracyFront(gatherResults([failedRecord("lora-8", "")], "lora-8"))).toBeUndefined();
  });
});
