import { describe, expect, test } from "vitest";
import { sitesPicture } from "../src/index.ts";

describe("the picture of sites", () => {
  test("draws a row for each kind of site and a column for each layer", () => {
    const ranks = { "encoder.layer.0.query": 8, "encoder.layer.1.query": 4, "encoder.layer.1.value": 0 };
    const bits = { "encoder.layer.0.query": { A: 4, E: 2, B: 8 }, "encoder.layer.1.query": { A: 2, E: 2, B: 2 } };
    expect(sitesPicture({ ranks, bits }, 8).split("\n")).toEqual([
      "layer  0        1",
      "query  █8·4/8   ▄4·2/2",
      "value            0",
      "bar: rank, then rank · bits of A/B",
    ]);
  });
});
