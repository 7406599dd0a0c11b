import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { requireExportFolder } from "../src/write/export-folder.ts";

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
