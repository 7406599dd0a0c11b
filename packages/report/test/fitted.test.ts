import { expect, test } from "vitest";
import { renderFitted, widthOfSvg } from "../src/charts/fitted.ts";
import { renderSvg } from "../src/charts/render.ts";
import { gatherResults } from "../src/index.ts";
import { frontSpec } from "../src/page.ts";
import { comparedChart } from "../src/run/curves.ts";
import { rankMap } from "../src/run/site-maps.ts";
import { doneRecord } from "./records.ts";

/** What a narrow phone leaves a chart. */
const ROOM = 328;

const recipes = ["lora-8", "lora-2", "adalora-8", "blora-at-an-eighth"];
const front = frontSpec(
  gatherResults(
    ["cola", "mrpc", "rte", "sst2"].flatMap((task) =>
      recipes.map((recipe, index) =>
        doneRecord({ task, recipe, best: 0.8 - index / 100, bitOperations: 1000 / 2 ** index }),
      ),
    ),
    "lora-8",
  ),
)!;
const points = (series: string) => [0, 100].map((step) => ({ step, series, value: step / 100 }));
const names = ["runs/rte-blora-seed-1", "runs/rte-blora-seed-2"];
const curves = comparedChart({ title: "Loss", unit: "loss" }, names.flatMap(points), names);
const map = rankMap({ ranks: Object.fromEntries([0, 1].map((layer) => [`layers.${layer}.query`, layer + 1])) });

test.each([
  ["the front of a sweep", front],
  ["curves of two runs", curves],
])("%s fits a phone with all its marks, and stays as it is where there is room", async (_, spec) => {
  const wide = await renderSvg(spec);
  expect(widthOfSvg(wide)).toBeGreaterThan(ROOM);
  const narrow = await renderFitted(spec, ROOM);
  expect(widthOfSvg(narrow)).toBeLessThanOrEqual(ROOM);
  expect(widthOfSvg(narrow)).toBeGreaterThan(ROOM - 60);
  const marks = (svg: string) => svg.match(/aria-roledescription="(point|line mark|symbol)"/g)?.length;
  expect(marks(narrow)).toBe(marks(wide));
  for (const name of spec === front ? recipes : names) expect(narrow).toContain(`>${name}</text>`);
  expect(await renderFitted(spec, widthOfSvg(wide))).toBe(wide);
});

test("leaves the squares of a map as wide as they are", async () => {
  expect(await renderFitted(map, 10)).toBe(await renderSvg(map));
});
