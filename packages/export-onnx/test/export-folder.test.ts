import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { requireExportFolder, requireSameAdapter } from "../src/write/export-folder.ts";

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "blora-export-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test.each(["config.json", "model.safetensors", "tokenizer.json", "adapter_config.json"])(
  "nothing is exported into a folder with a %s of its own",
  (name) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, name), "{}");
    expect(() => requireExportFolder(folder)).toThrow(`found ${name} of a model or an adapter`);
  },
);

test("an export goes beside an earlier one, and beside other files", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "README.md"), "");
  expect(() => requireExportFolder(folder)).not.toThrow();
  for (const name of ["tokenizer.json", "onnx"]) writeFileSync(join(folder, name), "");
  writeFileSync(join(folder, "config.json"), '{"transformers.js_config":{}}');
  expect(() => requireExportFolder(folder)).not.toThrow();
  expect(() => requireExportFolder(join(folder, "README.md"))).toThrow(/expected a folder to write, found a file/);
});

test("graphs of one adapter share a folder, and one of another does not stay beside them", () => {
  const folder = temporaryFolder();
  expect(() => requireSameAdapter(folder, "model.onnx", "a1")).not.toThrow();
  mkdirSync(join(folder, "onnx"));
  writeFileSync(join(folder, "onnx", "model_quantized.onnx"), "");
  const graphs = { "model_quantized.onnx": 0, "model_q4.onnx": 0 };
  const config = { "transformers.js_config": { use_external_data_format: graphs, adapter_sha256: "a1" } };
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  expect(() => requireSameAdapter(folder, "model.onnx", "a1")).not.toThrow();
  expect(() => requireSameAdapter(folder, "model_quantized.onnx", "b2")).not.toThrow();
  expect(() => requireSameAdapter(folder, "model.onnx", "b2")).toThrow(
    `${folder}: expected earlier exports of the same adapter beside model.onnx, found model_quantized.onnx of another one`,
  );
});
