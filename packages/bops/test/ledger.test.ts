import type { SiteUsage } from "@blora/spec";
import { expect, test } from "vitest";
import { bops, renderLedger } from "../src/index.ts";

const usage = (bits: number): SiteUsage => ({
  site: { path: "layer.0.query", role: "query", inFeatures: 64, outFeatures: 64 },
  matmuls: [
    { matrix: "A", macsPerToken: 512, keep: 0.5, weightBits: bits, inputBits: 32 },
    { matrix: "B", macsPerToken: 512, keep: 0.5, weightBits: bits, inputBits: 32 },
  ],
});
const report = bops().measured([usage(4)], 10);
const baseline = { name: "LoRA in 32 bits", report: bops().measured([usage(32)], 10) };

test("text has a line for each product, the totals, and a named ratio", () => {
  expect(renderLedger(report, { scope: "adapter", baseline })).toBe(
    [
      "site           matrix   macs  weight bits  input bits  bit operations",
      "layer.0.query  A       2,560            4          32         327,680",
      "layer.0.query  B       2,560            4          32         327,680",
      "total                  5,120                                  655,360",
      "",
      "Scope: adapter. 12.500 % of LoRA in 32 bits (5,242,880 bit operations).",
    ].join("\n"),
  );
});

test("is compared with no baseline that costs nothing", () => {
  const nothing = { ...report, rows: [], total: 0n };
  expect(renderLedger(report, { scope: "adapter", baseline: { name: "LoRA", report: nothing } })).toMatch(
    /Scope: adapter\.$/,
  );
});

test("markdown is a table", () => {
  expect(renderLedger(report, { format: "markdown" })).toBe(
    [
      "| site | matrix | macs | weight bits | input bits | bit operations |",
      "| --- | --- | ---: | ---: | ---: | ---: |",
      "| layer.0.query | A | 2,560 | 4 | 32 | 327,680 |",
      "| layer.0.query | B | 2,560 | 4 | 32 | 327,680 |",
      "| total |  | 5,120 |  |  | 655,360 |",
    ].join("\n"),
  );
});
