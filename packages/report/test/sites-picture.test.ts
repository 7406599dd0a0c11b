import { describe, expect, test } from "vitest";
import { sitesPicture } from "../src/index.ts";

describe("the picture of sites", () => {
  test("draws a row for each kind of site and a column for each layer", () => {
    const ranks = { "encoder.layer.0.query": 8, "encoder.layer.1.query": 4, "encoder.layer.1.value": 0 };
    const bits = { "encoder.layer.0.query": { A: 4, B: 8 }, "encoder.layer.1.query": { A: 2, B: 2 } };
    expect(sitesPicture({ ranks, bits }, 8).split("\n")).toEqual([
      "layer  0       1",
      "query  █8·4/8  ▄4·2/2",
      "value           0",
      "bar: rank, then rank · bits of A/B",
    ]);
  });

  test("shows the bits of every component, strongest first, with commas between widths of two digits", () => {
    const alike = (...widths: number[]) => ({ A: widths, B: widths });
    const ranks = { "h.0.query": 4, "h.1.query": 0, "h.0.value": 2, "h.1.value": 1 };
    const bits = {
      "h.0.query": alike(8, 4, 4, 2),
      "h.1.query": alike(),
      "h.0.value": alike(16, 2),
      "h.1.value": { A: [4], B: [2] },
    };
    expect(sitesPicture({ ranks, bits }, 4).split("\n")).toEqual([
      "layer  0        1",
      "query  █4·8442   0",
      "value  ▄2·16,2  ▂1·4/2",
      "bar: rank, then rank · bits of each component, strongest first",
    ]);
  });

  test("goes on below where layers do not fit side by side", () => {
    const layers = Array.from({ length: 10 }, (_, layer) => [`h.${layer}.query`, 8 - (layer % 2)] as const);
    const bits = Object.fromEntries(layers.map(([path]) => [path, { A: [8, 8, 8, 8, 8, 8, 8, 8], B: [8] }]));
    const lines = sitesPicture({ ranks: Object.fromEntries(layers), bits }, 8).split("\n");
    // 7 columns of text for the names and 15 for each layer, of 120.
    expect(lines[0]!.trim().split(/\s+/)).toEqual(["layer", "0", "1", "2", "3", "4", "5", "6"]);
    expect(lines.slice(2, 5)).toEqual([
      "",
      "layer  7              8              9",
      "query  ▇7·88888888/8  █8·88888888/8  ▇7·88888888/8",
    ]);
  });

  test("is one line where all sites are alike", () => {
    const bits = { "h.0.query": { A: 4, B: 4 }, "h.1.query": { A: 4, B: 4 } };
    expect(sitesPicture({ ranks: { "h.0.query": 8, "h.1.query": 8 }, bits }, 8).split("\n")).toEqual([
      "all 2 sites  █8·4/4",
      "bar: rank, then rank · bits of A/B",
    ]);
  });
});
