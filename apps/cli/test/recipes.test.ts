import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { toConfigs } from "../src/run/config-file.ts";
import { planSweep, type Recipe } from "../src/sweep/plan.ts";

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

describe.each(recipes)("%s", (path) => {
  test("describes runs that a sweep can plan", async () => {
    const { configs } = await recipeAt(path);
    expect(planSweep([{ file: path, configs }], [1])).toHaveLength(configs.length);
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
  expect(planSweep(all, [1])).toHaveLength(all.flatMap(({ configs }) => configs).length);
});
