import { expect, test } from "vitest";
import { recipeNames } from "../src/sweep/recipe-names.ts";

const namesOf = (...files: string[]) => [...recipeNames(files).values()];

test("recipes are called as their files", () => {
  expect(namesOf("recipes/lora-8.ts", "recipes/b.config.mjs")).toEqual(["lora-8", "b.config"]);
});

test("recipes whose files share a name are told apart by the path before it", () => {
  expect(namesOf("small/lora.ts", "large/lora.ts", "large/blora.ts")).toEqual(["small/lora", "large/lora", "blora"]);
  expect(namesOf("a/x/lora.ts", "b/x/lora.ts", "b/lora.ts")).toEqual(["a/x/lora", "b/x/lora", "b/lora"]);
});

test("one file, however it is written, is one recipe", () => {
  expect(namesOf("small/lora.ts", "./small/../small/lora.ts")).toEqual(["lora", "lora"]);
});
