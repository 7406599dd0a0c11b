import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@blora/engine-onnx";
import { qwen2 } from "@blora/model-qwen2";
import { loadTokenizer } from "@blora/tokenizer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LoadedModel, loadModel } from "../src/index.ts";

const data = process.env.BLORA_DATA;
const source = join(data ?? "", "models/stories260K");

describe.skipIf(!data)("text of a trained model (needs BLORA_DATA)", () => {
  const engine = onnx({ threads: 1 });
  let folder = "";
  let model: LoadedModel;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "blora-stories-"));
    cpSync(join(source, "qwen2-layout"), folder, { recursive: true });
    cpSync(join(source, "tok512.model"), join(folder, "tokenizer.model"));
    model = await loadModel({ model: folder, architecture: qwen2(), engine, tokenizer: loadTokenizer });
  });
  afterAll(async () => {
    await engine.release();
    rmSync(folder, { recursive: true, force: true });
  });

  test("200 greedy tokens are those of its author's own program, to the byte", async () => {
    const golden = JSON.parse(readFileSync(join(source, "golden.json"), "utf8")) as { greedy_text: string };
    let text = "";
    const options = { maxNewTokens: 200, addBos: true };
    for await (const piece of model.withoutAdapter({ kind: "language-model" }).generate("", options)) text += piece;
    expect(text).toBe(golden.greedy_text);
  });
});
