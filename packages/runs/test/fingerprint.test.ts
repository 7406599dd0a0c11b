import { expect, test } from "vitest";
import { decidingSettings, fingerprintOf } from "../src/fingerprint.ts";

const config = { task: "glue", seed: 1, engine: { id: "onnx", provider: "cpu", threads: 2, version: "1.30.0" } };

test("an engine decides nothing but its precision, and float32 leaves the name of a run as it was", () => {
  expect(decidingSettings(config)).toEqual({ task: "glue", seed: 1 });
  const other = { ...config, engine: { id: "tfjs", provider: "wasm", threads: 1, version: "4.22.0" } };
  expect(fingerprintOf(decidingSettings(other))).toBe(fingerprintOf(decidingSettings(config)));
  const integers = { ...config, engine: { ...config.engine, precision: "int8" } };
  expect(decidingSettings(integers)).toEqual({ task: "glue", seed: 1, engine: { precision: "int8" } });
});
