import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@blora/engine-onnx";
import { type LoadedModel, loadModel } from "@blora/inference";
import { full } from "@blora/lora";
import type { Tokenizer } from "@blora/spec";
import { expectAllClose } from "@blora/testing";
import { loadTokenizer } from "@blora/tokenizer";
import { openCheckpoint, writeSafetensors } from "@blora/weights";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createProgram } from "../../apps/cli/src/program.ts";
import { adapterOf, commandJson, exportRun, mergeRun, trainRun } from "./commands.ts";
import { writeData } from "./data.ts";
import { DECODERS, ENCODERS, METHODS, type TrainedWith } from "./family.ts";
import { graphLogits, logitsOf } from "./logits.ts";

const FULL: TrainedWith = { name: "full", method: "full", set: [], isPlain: true };
const CLOSE = { absolute: 1e-5, relative: 0 } as const;

/** Qwen3 shares its embedding with its head, Phi does not. */
const families = [...ENCODERS, ...DECODERS].filter(({ name }) => ["bert", "qwen3", "phi"].includes(name));

describe.each(families)("a model trained whole: $name", (family) => {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "blora-whole-"));
  const [model, data, out] = ["model", "data", "run"].map((name) => join(folder, name)) as [string, string, string];
  const isDecoder = DECODERS.includes(family);
  const engine = onnx({ threads: 1 });
  let tokenizer: Tokenizer;
  let loaded: LoadedModel;
  let logits: readonly number[];

  beforeAll(async () => {
    family.write(model);
    writeData(data, isDecoder ? "prompts" : "texts");
    tokenizer = await loadTokenizer(model);
    loaded = await loadModel({ model, architecture: family.architecture, engine, tokenizer });
    await trainRun({ model, data, out, method: FULL, task: isDecoder ? "instruct" : "classify" });
    logits = await logitsOf(await loaded.loadAdapter(adapterOf(out), { method: full() }), tokenizer);
  });
  afterAll(async () => {
    await loaded.release();
    await engine.release();
    rmSync(folder, { recursive: true, force: true });
  });

  test("merge writes a checkpoint with its logits, every tensor of which is new", async () => {
    const merged = join(folder, "merged");
    expect((await mergeRun(out, merged)).replaced).toBeGreaterThan(20);
    const alone = await loadModel({ model: merged, architecture: family.architecture, engine, tokenizer });
    const { head } = await loaded.loadAdapter(adapterOf(out), { method: full() });
    expectAllClose(await logitsOf(alone.withoutAdapter(head), tokenizer), logits, CLOSE);
    await alone.release();
  });

  test("export writes a graph with its logits, of bytes too, and knows no plain update", async () => {
    const to = join(folder, "graph");
    const { summary } = await exportRun(out, to);
    expectAllClose(await graphLogits(join(to, summary.file), tokenizer), logits, CLOSE);
    const { summary: int8, measurement } = await exportRun(out, join(folder, "bytes"), { weights: "int8" });
    expect(int8.bytes).toBeLessThan(summary.bytes);
    const largest = Math.max(...logits.map(Math.abs));
    expect(measurement!.largestDifference / largest).toBeLessThan(0.1);
    await expect(exportRun(out, join(folder, "plain"), { plain: true })).rejects.toThrow(
      `${adapterOf(out)}: expected plain LoRA, found none, as of a model that was trained whole. Merge it`,
    );
  });

  test("train goes on with it by the method full, and by another from what merge wrote", async () => {
    const task = isDecoder ? ("instruct" as const) : ("classify" as const);
    const from = { model, data, task, adapter: out };
    const [on, other] = [join(folder, "on"), join(folder, "other")];
    expect((await trainRun({ ...from, out: on, method: FULL })).summary.steps).toBe(6);
    await expect(trainRun({ ...from, out: other, method: METHODS[0]! })).rejects.toThrow(
      `${adapterOf(out)}: expected plain LoRA, found none, as of a model that was trained whole. Merge it`,
    );
    const merged = { ...from, model: join(folder, "merged"), adapter: undefined };
    expect((await trainRun({ ...merged, out: other, method: METHODS[0]! })).summary.steps).toBe(6);
  });

  test("inspect has one size of it, and publish says what to do instead", async () => {
    const inspected = (await commandJson("inspect", out)) as { method: unknown };
    expect(inspected).toMatchObject({ method: { $plugin: "method/full" } });
    expect(inspected).not.toHaveProperty("sizes");
    expect(await commandText("inspect", out)).toContain("method/full");
    await expect(commandJson("publish", out, "--to", join(folder, "published"))).rejects.toThrow(
      "found it without adapter_config.json, adapter_model.safetensors. A model that was trained whole is no adapter: write it with blora merge.",
    );
  });

  test("bops finds no products of an adapter, and compares them with nothing", async () => {
    const text = await commandText("bops", "--adapter", out, "--data", data);
    expect(text).toMatch(/total +0 +0\n\nScope: adapter\.\n/);
  });
});

/** transformers ties the two only where they are the same. */
test("merge writes the output layer of a tied model that is stored beside its embedding as the trained embedding", async () => {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "blora-tied-"));
  const [model, data, out, merged] = ["model", "data", "run", "merged"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];
  DECODERS.find(({ name }) => name === "qwen3")!.write(model);
  const path = join(model, "model.safetensors");
  const before = openCheckpoint(model);
  const tensors = before.names.map(
    (name) => [name, { shape: before.tensors.get(name)!.shape, values: before.read(name) }] as const,
  );
  const embedding = new Map(tensors).get("model.embed_tokens.weight")!;
  writeSafetensors(path, new Map([...tensors, ["lm_head.weight", embedding]]), { format: "pt" });
  writeData(data, "prompts");
  await trainRun({ model, data, out, method: FULL, task: "instruct" });
  await mergeRun(out, merged);
  const { read } = openCheckpoint(merged);
  expect(read("lm_head.weight")).toEqual(read("model.embed_tokens.weight"));
  expect(read("lm_head.weight")).not.toEqual(embedding.values);
  rmSync(folder, { recursive: true, force: true });
});

async function commandText(...words: string[]): Promise<string> {
  const written: string[] = [];
  const write = vi.spyOn(process.stdout, "write").mockImplementation((text) => written.push(String(text)) > 0);
  try {
    await createProgram(() => {}).parseAsync(words, { from: "user" });
  } finally {
    write.mockRestore();
  }
  return written.join("");
}
