import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { inFolder, weightsFormat } from "../src/index.ts";

test.each<[readonly string[], string | undefined]>([
  [["model.safetensors", "pytorch_model.bin"], "safetensors"],
  [["model.safetensors.index.json", "pytorch_model.bin"], "safetensors"],
  [["pytorch_model.bin"], "pytorch"],
  [["pytorch_model.bin.index.json"], "pytorch"],
  [["pytorch_model.generator.bin", "pytorch_model-00001-of-00002.bin", "x.safetensors"], undefined],
  [[], undefined],
])("weights of %j are %s", (names, format) => {
  expect(weightsFormat((name) => names.includes(name))).toBe(format);
  const folder = mkdtempSync(join(tmpdir(), "blora-weights-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of names) writeFileSync(join(folder, name), "");
  expect(weightsFormat(inFolder(folder))).toBe(format);
});
