import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeReviews, toCsv as reviewsCsv } from "../../../examples/own-data/src/reviews.ts";
import { predictionRows, toCsv } from "../src/output/predictions.ts";
import { blora, requireBuild } from "./run-blora.ts";

let folder = "";
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  requireBuild();
  folder = mkdtempSync(join(tmpdir(), "blora-own-data-"));
  writeFileSync(at("reviews.csv"), reviewsCsv(makeReviews(120, 1)));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the reviews of the example are those its code makes", () => {
  const committed = readFileSync(new URL("../../../examples/own-data/reviews.csv", import.meta.url), "utf8");
  expect(committed).toBe(reviewsCsv(makeReviews(800, 1)));
});

describe("a file of one's own", () => {
  test("is understood, learned, scored and answered", async () => {
    const fast = ["--threads", "1", "--method", "lora", "--set", "maxSteps=4", "--set", "evalSteps=4"];
    const trained = await blora(["train", "--data", at("reviews.csv"), "--out", at("run"), ...fast]);
    expect([trained.status, trained.stderr.split("\n")[0]]).toEqual([
      0,
      "reviews.csv: 120 labelled rows; learns from the text in review which of 3 classes is in stars (1, 3, 5).",
    ]);
    expect(trained.stderr).toContain("12 of 120 training rows are held out for it (seed 42)");

    const scored = await blora(["eval", at("run"), "--data", at("reviews.csv"), "--threads", "1", "--json"]);
    const { splits } = JSON.parse(scored.stdout) as { splits: Record<string, { rows: number }> };
    expect(Object.entries(splits).map(([name, { rows }]) => [name, rows])).toEqual([["reviews.csv", 120]]);

    writeFileSync(at("new.csv"), 'review\nThe lamp works perfectly.\n"Broken, sadly."\n');
    const predict = ["predict", at("run"), "--data", at("new.csv"), "--threads", "1"];
    const printed = await blora(predict);
    const lines = printed.stdout.trim().split("\n");
    expect(lines[0]).toBe("row,prediction,probability of 1,probability of 3,probability of 5");
    expect(lines).toHaveLength(3);
    for (const [index, line] of lines.slice(1).entries()) {
      const [, row, prediction, ...shares] = /^"(.*)",(\d),([\d.]+),([\d.]+),([\d.]+)$/.exec(line) ?? [];
      expect(row).toBe(`${at("new.csv")}, row ${index + 2}`);
      const likeliest = shares.indexOf([...shares].sort().at(-1)!);
      expect(prediction).toBe(["1", "3", "5"][likeliest]);
      expect(shares.reduce((sum, share) => sum + Number(share), 0)).toBeCloseTo(1, 5);
    }
    expect((await blora([...predict, "--out", at("predictions.csv")])).status).toBe(0);
    expect(readFileSync(at("predictions.csv"), "utf8")).toBe(printed.stdout);
    const again = await blora([...predict, "--out", at("predictions.csv")]);
    expect([again.status, again.stderr]).toEqual([
      1,
      `blora: ${at("predictions.csv")}: expected a file that is not there yet, found one. Nothing was written.\n`,
    ]);
  });

  test("is refused by flag, file and row, before anything is written", async () => {
    const train = (...args: string[]) => blora(["train", "--out", at("refused"), "--threads", "1", ...args]);
    const column = await train("--data", at("reviews.csv"), "--set", "task.label=star");
    expect([column.status, column.stderr.trim()]).toEqual([
      2,
      `blora: --set task.label=star: ${at("reviews.csv")}: expected a label column star, found the columns review, stars. Did you mean stars?`,
    ]);
    expect((await train("--task", "classify")).stderr.trim()).toBe(
      "blora: --task classify: expected a data file or folder, found none. Name it with --data.",
    );
    expect((await train("--data", at("nosuch.csv"))).stderr.trim()).toBe(
      `blora: ${at("nosuch.csv")}: expected a data file or a folder of them, found nothing.`,
    );
    expect(existsSync(at("refused"))).toBe(false);
  });
});

test("predictions of numbers and of several classes", () => {
  const examples = [{ first: "a", origin: "new.csv, row 2" }];
  expect(predictionRows({ kind: "regression" }, examples, Float32Array.of(0.5))).toEqual([
    ["row", "prediction"],
    ["new.csv, row 2", "0.5"],
  ]);
  const several = { kind: "classification", labels: ["x", "y", "z"], several: true } as const;
  expect(predictionRows(several, examples, Float32Array.of(2, -2, 0.1))[1]).toEqual([
    ...["new.csv, row 2", "x z", "0.880797", "0.119203", "0.524979"],
  ]);
  expect(toCsv([['a "quote"', "b,c", "d\ne", "f"]])).toBe('"a ""quote""","b,c","d\ne",f\n');
});
