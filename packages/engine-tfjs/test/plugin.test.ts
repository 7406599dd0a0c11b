import { expect, test } from "vitest";
import { tfjs } from "../src/index.ts";

const problems = async (options: unknown): Promise<string[]> => {
  const result = await tfjs.optionsSchema!["~standard"].validate(options);
  return (result.issues ?? []).map(({ message }) => message);
};

test("a component serializes to its manifest", () => {
  expect(JSON.parse(JSON.stringify(tfjs({ backend: "wasm" })))).toEqual({
    $plugin: "engine/tfjs",
    options: { backend: "wasm" },
  });
  expect(JSON.parse(JSON.stringify(tfjs()))).toEqual({ $plugin: "engine/tfjs" });
});

test("options from JSON are accepted where they are right", async () => {
  expect(await problems(undefined)).toEqual([]);
  expect(await problems({})).toEqual([]);
  expect(await problems({ backend: "tensorflow-gpu", moduleFolder: "native" })).toEqual([]);
});

test("options from JSON are refused by name, all at once", async () => {
  expect(await problems({ backend: "webgl", moduleFolder: 3, threads: 2 })).toEqual([
    `unknown option "threads", expected "backend" or "moduleFolder"`,
    `"backend" must be one of auto, tensorflow-gpu, tensorflow, wasm, cpu, found "webgl"`,
    `"moduleFolder" must be a path, found 3`,
  ]);
  expect(await problems("wasm")).toEqual([`expected an object of options, found "wasm"`]);
});
