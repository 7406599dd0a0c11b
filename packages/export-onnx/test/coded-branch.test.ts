import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { builtinModelFolder } from "@blora/builtin";
import { onnx } from "@blora/engine-onnx";
import { createLoadedModel } from "@blora/inference";
import { bert } from "@blora/model-bert";
import { debertaV2 } from "@blora/model-deberta-v2";
import { qwen2 } from "@blora/model-qwen2";
import { openNetwork, openPlain } from "@blora/network";
import { InvalidInputError } from "@blora/spec";
import { expectAllClose } from "@blora/testing";
import { loadTokenizer } from "@blora/tokenizer";
import { openCheckpoint } from "@blora/weights";
import { env, pipeline, type TextClassificationPipeline } from "@huggingface/transformers";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportOnnx, measureExport } from "../src/index.ts";
import { codedAdapter, type Rounding } from "./coded-adapter.ts";

const fixture = (path: string): string => fileURLToPath(new URL(`../../../fixtures/${path}`, import.meta.url));
const labels = { kind: "classification", labels: ["no", "yes"] } as const;
const models = [
  { name: "deberta", folder: builtinModelFolder(), architecture: debertaV2(), head: labels },
  { name: "bert", folder: fixture("bert/pairs"), architecture: bert(), head: labels },
  { name: "qwen2", folder: fixture("causal/qwen2.5"), architecture: qwen2(), head: { kind: "language-model" } },
] as const;
/** Ranks of 16: in smaller ones the names of tensors outweigh what is saved. */
const roundings: readonly Rounding[] = [
  { bits: Array.from({ length: 16 }, (_, i) => (i < 8 ? 4 : 2)), grid: "mid-rise" },
  { bits: Array.from({ length: 16 }, (_, i) => [8, 4, 2, 2][i % 4]!), grid: "mid-rise" },
  { bits: Array.from({ length: 16 }, (_, i) => [8, 4, 2, 2][i % 4]!), grid: "absmax" },
  { bits: Array.from({ length: 16 }, (_, i) => [16, 8, 2, 2][i % 4]!), grid: "mid-rise" },
];

let out: string;
beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), "blora-coded-"));
  env.localModelPath = out;
  env.allowRemoteModels = false;
});
afterAll(() => rm(out, { recursive: true, force: true }));

/** Logits for drawn ids, no cache, nothing padded. */
async function logitsOf(file: string): Promise<Float32Array> {
  const session = await InferenceSession.create(file);
  const [B, T] = [2, 9];
  const integers = (value: (index: number) => number): Tensor =>
    new Tensor(
      "int64",
      BigInt64Array.from({ length: B * T }, (_, index) => BigInt(value(index))),
      [B, T],
    );
  const inputs = session.inputMetadata.map((input): [string, Tensor] => {
    if (input.name === "input_ids") return [input.name, integers((index) => (7 * index + 3) % 60)];
    if (input.name === "attention_mask") return [input.name, integers(() => 1)];
    if (input.name === "position_ids") return [input.name, integers((index) => index % T)];
    if (!input.isTensor || !input.name.startsWith("past_key_values")) return [input.name, integers(() => 0)];
    const [, heads, , size] = input.shape as number[];
    return [input.name, new Tensor("float32", new Float32Array(0), [B, heads!, 0, size!])];
  });
  const { logits } = await session.run(Object.fromEntries(inputs));
  const values = Float32Array.from(logits!.data as Float32Array);
  await session.release();
  return values;
}

describe.each(models)("$name", ({ name, folder, architecture, head }) => {
  const network = openNetwork(architecture, openCheckpoint(folder), name);

  it.each(roundings)(
    "gives the logits of the float32 branch from widths $bits on grid $grid, in a smaller file",
    async (rounding) => {
      const { adapter, codes } = codedAdapter(network, head, rounding);
      const parts = { network, adapter, adapterForm: "branch" } as const;
      const coded = await exportOnnx({ ...parts, codes, out: join(out, "coded", name) });
      const plain = await exportOnnx({ ...parts, out: join(out, "plain", name) });
      const expected = await logitsOf(join(out, "plain", name, plain.file));
      const found = await logitsOf(join(out, "coded", name, coded.file));
      const largest = expected.reduce((most, logit) => Math.max(most, Math.abs(logit)), 0);
      expectAllClose(found, expected, { absolute: 2e-6 * Math.max(1, largest), relative: 0 });
      const saved = [...adapter.updates.values()].reduce(
        (sum, { A, B }) => sum + (A.length + B.length) * (4 - Math.max(4, ...rounding.bits) / 8),
        0,
      );
      // Three names, two nodes, and the scales and half steps of each factor.
      const description = 2 * adapter.updates.size * 800;
      expect(plain.bytes - coded.bytes).toBeGreaterThan(saved - description);
      expect(plain.bytes - coded.bytes).toBeLessThan(saved);
      expect(coded.bytes).toBeLessThan(plain.bytes);

      const engine = onnx({ threads: 1 });
      const file = join(out, "coded", name, coded.file);
      const { largestDifference, largestLogit } = await measureExport({
        network: openPlain(network, adapter, "drawn"),
        engine,
        file,
      });
      expect(largestDifference).toBeLessThan(1e-4 * Math.max(1, largestLogit));
      await engine.release();
    },
  );
});

describe("a branch of codes", () => {
  const network = openNetwork(debertaV2(), openCheckpoint(builtinModelFolder()), "builtin");
  const { adapter, codes } = codedAdapter(network, labels, { bits: [4, 4, 2, 2], grid: "mid-rise" });

  it.each([
    { weights: "float32", dtype: "fp32", tolerance: 2e-5 },
    { weights: "int4", dtype: "q4", tolerance: 0.3 },
  ] as const)("loads in transformers.js beside $weights weights", async ({ weights, dtype, tolerance }) => {
    const name = `pipeline-${dtype}`;
    await exportOnnx({ network, adapter, codes, adapterForm: "branch", weights, out: join(out, name) });
    const texts = ["The cat sleeps.", "He left early and went home."];
    const engine = onnx({ threads: 1 });
    const tokenizer = await loadTokenizer(builtinModelFolder());
    const expected = await createLoadedModel({ network, tokenizer, engine }).useAdapter(adapter).logits(texts);
    const pipe = (await pipeline("text-classification", name, { dtype })) as TextClassificationPipeline;
    const { logits } = await pipe.model(pipe.tokenizer(texts, { padding: true }));
    expectAllClose(
      logits.tolist().flat(),
      expected.flatMap((row) => [...row]),
      { absolute: tolerance, relative: tolerance },
    );
    await engine.release();
  });

  it("leaves a factor without codes in float32", async () => {
    const onlyA = new Map([...codes].map(([path, { rank, A }]) => [path, { rank, ...(A && { A }) }]));
    const parts = { network, adapter, adapterForm: "branch", out: join(out, "half") } as const;
    const half = await exportOnnx({ ...parts, codes: onlyA });
    const found = await logitsOf(join(out, "half", half.file));
    const plain = await exportOnnx(parts);
    expectAllClose(found, await logitsOf(join(out, "half", plain.file)), { absolute: 2e-6, relative: 0 });
    expect(half.bytes).toBeLessThan(plain.bytes);
  });

  it("refuses codes of another adapter", async () => {
    const [[path, { A, ...rest }]] = [...codes] as [[string, NonNullable<ReturnType<typeof codes.get>>]];
    const cut = new Map([[path, { ...rest, A: { ...A!, codes: A!.codes.subarray(1) } }]]);
    const exported = exportOnnx({ network, adapter, codes: cut, adapterForm: "branch", out: join(out, "cut") });
    await expect(exported).rejects.toThrow(InvalidInputError);
  });
});
