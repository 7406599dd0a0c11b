import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeManifest } from "@blora/core";
import { parseTrainingArguments } from "@blora/trainer";
import { describe, expect, test } from "vitest";
import { toConfigs } from "../src/run/config-file.ts";
import { resolveRun } from "../src/run/resolve.ts";
import type { Recipe } from "../src/sweep/plan.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
/** Tables that recipes read. */
const TABLES = "settings";

const recipes = readdirSync(join(root, "recipes"), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.parentPath.endsWith(TABLES))
  .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
  .sort();

async function recipeAt(path: string): Promise<Recipe> {
  const module = (await import(join(root, path))) as { readonly default: unknown };
  return { file: path, configs: toConfigs(path, module.default) };
}

/** The runs of a recipe as far as they are told apart without its model and its data, which are not here. */
async function runsOf({ file, configs }: Recipe): Promise<string[]> {
  const runs = configs.map(({ task }) => resolveRun({ config: join(root, file), task: task.name }));
  return (await Promise.all(runs)).map(({ model, task, method, arguments: args }) => {
    const training = parseTrainingArguments(args);
    return JSON.stringify({ model, task: writeManifest(task), method: writeManifest(method), training });
  });
}

describe.each(recipes)("%s", (path) => {
  test("describes runs that a sweep can plan", async () => {
    const recipe = await recipeAt(path);
    for (const { out, training } of recipe.configs) expect([out, training?.seed]).toEqual([undefined, undefined]);
    expect(new Set(await runsOf(recipe)).size).toBe(recipe.configs.length);
  });

  test("says what it is, what to expect and how it is run", () => {
    const header = readFileSync(join(root, path), "utf8").split("*/")[0]!;
    expect(header).toMatch(/^\/\*\*\n \* \S/);
    expect(header).toMatch(/not run here|expect/i);
    expect(header).toContain(`npx blora sweep ${path} `);
  });
});

test("no two recipes are the same run", async () => {
  const all = await Promise.all(recipes.map(recipeAt));
  const runs = (await Promise.all(all.map(runsOf))).flat();
  expect(runs.filter((run, index) => runs.indexOf(run) !== index)).toEqual([]);
});
