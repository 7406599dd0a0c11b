import { expect, test } from "vitest";
import { exportedConfig } from "../src/write/exported-config.ts";

test("a config.json keeps the point of its numbers, without which transformers refuses some", () => {
  const source = '{"model_type": "modernbert", "attention_dropout": 0.0, "hidden_size": 8}';
  const exported = {
    head: { kind: "regression" },
    file: "model.onnx",
    dtype: "fp32",
    chunks: 0,
    adapterSha256: "a1",
  } as const;
  const text = exportedConfig(JSON.parse(source), source, exported);
  expect(text).toContain('\n  "attention_dropout": 0.0,\n  "hidden_size": 8,\n');
  expect(JSON.parse(text)).toMatchObject({ attention_dropout: 0, problem_type: "regression" });
});
