import { describe, expect, test } from "vitest";
import { gatherResults, meanComponentBits, type SiteBits, widthsText } from "../src/index.ts";
import { doneRecord } from "./records.ts";

const alike = (...widths: number[]): SiteBits => ({ A: widths, B: widths });

describe("bit widths", () => {
  test("are averaged over the open components of A and B, whatever else a site rounds", () => {
    expect(meanComponentBits([alike(8, 4, 2), alike(2), alike()])).toBe(4);
    expect(meanComponentBits([{ A: 4, B: 8, W0: 2 }])).toBe(6);
    expect(meanComponentBits([alike()])).toBeNull();
    expect(meanComponentBits([])).toBeNull();
  });

  test("are written strongest component first, with names where operands differ", () => {
    expect(widthsText(alike(8, 4, 4, 2))).toBe("8 4 4 2");
    expect(widthsText(alike())).toBe("closed");
    expect(widthsText({ A: 32, B: 32 })).toBe("32");
    expect(widthsText({ A: 4, B: 8 })).toBe("A 4, B 8");
    expect(widthsText({ ...alike(8, 4), W0: 8, input: 16 })).toBe("8 4, W0 8, input 16");
    expect(widthsText({})).toBe("");
  });

  test("of components count one by one in the results of a sweep", () => {
    const record = doneRecord({ recipe: "blora", best: 0.5, bitOperations: 10 });
    if (record.outcome.status !== "done") throw new Error("expected a finished run");
    const bits = { a: { ...alike(8, 4), W0: 8 }, b: { ...alike(2), W0: 4 }, c: alike() };
    const summary = { ...record.outcome.summary, bits };
    const { rows } = gatherResults([{ ...record, outcome: { ...record.outcome, summary } }], "lora-8");
    expect(rows[0]!.meanBits).toEqual({ A: 14 / 3, B: 14 / 3, W0: 6 });
  });
});
