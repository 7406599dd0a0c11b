import { expect, it } from "vitest";
import { defineConfig, type RunConfig } from "../src/index.ts";

it("defineConfig returns the very object it was given", () => {
  const config = { model: "folder", training: { seed: 1 } } as unknown as RunConfig;
  expect(defineConfig(config)).toBe(config);
});
