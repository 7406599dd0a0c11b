import { expect, test } from "vitest";
import { tfjs } from "../src/index.ts";

test("a component serializes to its manifest", () => {
  expect(JSON.parse(JSON.stringify(tfjs({ backend: "wasm" })))).toEqual({
    $plugin: "engine/tfjs",
    options: { backend: "wasm" },
  });
  expect(JSON.parse(JSON.stringify(tfjs()))).toEqual({ $plugin: "engine/tfjs" });
});

test("options are accepted where they are right", () => {
  for (const options of [undefined, {}, { backend: "tensorflow-gpu", moduleFolder: "native" }] as const) {
    expect(tfjs(options).manifest.options).toEqual(options);
  }
});

test("options are refused by name, all at once", () => {
  expect(() => tfjs({ backend: "webgl", moduleFolder: 3, backnd: "cpu", threads: 2 } as never)).toThrow(
    /^Options of engine "tfjs": backend: .*"wasm".*, found "webgl"; moduleFolder: .*, found 3; unknown key "backnd" \(did you mean backend\?\); unknown key "threads" \(expected backend, moduleFolder, precision\)\.$/,
  );
  expect(() => tfjs("wasm" as never)).toThrow(/expected object.*, found "wasm"/);
});
