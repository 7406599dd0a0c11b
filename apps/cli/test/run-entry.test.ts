import { expect, test } from "vitest";
import { runEntry } from "../src/studio/run-entry.ts";

test.each([
  ["org/name", "name"],
  ["C:\\models\\mini", "mini"],
  ["/models/mini/", "mini"],
  ["builtin", "builtin"],
])("lists the model %s as %s", (model, shown) => {
  const run = { folder: "", config: { model }, steps: [], evaluations: [], gates: [], problems: [], isRunning: false };
  const rest = { summary: undefined, ledger: undefined, answers: undefined };
  expect(runEntry("one", { ...run, ...rest }, 0).model).toBe(shown);
});
