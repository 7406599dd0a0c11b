import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtinModelFolder } from "@blora/builtin";
import { onnx } from "@blora/engine-onnx";
import { debertaV2 } from "@blora/model-deberta-v2";
import { loadTokenizer } from "@blora/tokenizer";
import { openCheckpoint, writeSafetensors } from "@blora/weights";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadModel } from "../src/index.ts";
import { writeBuiltinAdapter } from "./builtin-adapter.ts";

const MEBIBYTE = 2 ** 20;
let folder: string;
const adapter = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "blora-inference-"));
  const classification = { kind: "classification", labels: ["unacceptable", "acceptable"] } as const;
  await writeBuiltinAdapter(adapter("first"), { rank: 4, seed: 1, head: classification });
  await writeBuiltinAdapter(adapter("wide"), { rank: 6, seed: 3, head: classification });
  await writeBuiltinAdapter(adapter("score"), { rank: 2, seed: 4, head: { kind: "regression" } });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.skipIf(process.platform !== "linux")("memory", () => {
  it("a second adapter costs its own tensors, not another base", async () => {
    const base = adapter("wide-vocabulary");
    const baseBytes = await writeWideModel(base);
    const engine = onnx({ threads: 1 });
    const model = await loadModel({ model: base, architecture: debertaV2(), engine, tokenizer: loadTokenizer });
    await (await model.loadAdapter(adapter("first"))).logits(["A text."]);
    const before = await privateMemory();
    // Each of another layout: a compiled step of its own.
    for (const name of ["wide", "score"]) await (await model.loadAdapter(adapter(name))).logits(["A text."]);
    const grown = (await privateMemory()) - before;
    await model.release();
    await engine.release();
    expect(baseBytes).toBeGreaterThan(128 * MEBIBYTE);
    expect(grown / MEBIBYTE).toBeLessThan(48);
  });
});

/** Memory of this process that no file backs. Linux only. */
async function privateMemory(): Promise<number> {
  return Number(/RssAnon:\s+(\d+) kB/.exec(await readFile("/proc/self/status", "utf8"))![1]) * 1024;
}

/** The built-in model in float32 with a vocabulary of 2^18 rows, so that a copy of it would show. Returns its bytes. */
async function writeWideModel(target: string): Promise<number> {
  const { config, names, read, tensors } = openCheckpoint(builtinModelFolder());
  const rows = 2 ** 18;
  await mkdir(target);
  await writeFile(join(target, "config.json"), JSON.stringify({ ...config, vocab_size: rows }));
  for (const file of ["tokenizer.json", "tokenizer_config.json"])
    await copyFile(join(builtinModelFolder(), file), join(target, file));
  const written = names.map((name) => {
    const { shape } = tensors.get(name)!;
    const wider = name.includes("word_embeddings") ? [rows, shape[1]!] : shape;
    const values = new Float32Array(wider.reduce((product, dimension) => product * dimension, 1));
    values.set(read(name));
    return [name, { shape: wider, values }] as const;
  });
  writeSafetensors(join(target, "model.safetensors"), new Map(written));
  return written.reduce((bytes, [, { values }]) => bytes + values.byteLength, 0);
}
