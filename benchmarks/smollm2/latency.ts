/**
 * Time of a greedy token of SmolLM2, ours and transformers' in turn, from a file in float32 and from the same rounded
 * to float16: milliseconds of the prompt with the first token, and of each token after it. Appends one line.
 *
 *   npx tsx benchmarks/with-allocator.ts benchmarks/smollm2/latency.ts --model <folder> --python <interpreter> --threads 2
 */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { onnx } from "@blora/engine-onnx";
import { generateTokens, loadModel } from "@blora/inference";
import { loadTokenizer } from "@blora/tokenizer";
import { encodeFloats, openCheckpoint, writeLazySafetensors } from "@blora/weights";
import { architectureOf } from "../models/architecture-of.ts";
import { startPeer } from "../peers/python-peer.ts";
import { median } from "../step/measure.ts";
import { PROMPTS } from "./prompts.ts";
import { appendRecord } from "./records.ts";

/** Milliseconds. */
export interface Latency {
  /** Of reading the prompt and finding the first token. */
  readonly first: number;
  /** Of each one after it. */
  readonly token: number;
}

export interface LatencyResult {
  readonly threads: number;
  /** Tokens of the prompt, and after it. */
  readonly tokens: { readonly prompt: number; readonly text: number };
  readonly rounds: number;
  /** By the type of the file, and by what reads it and computes in which precision. */
  readonly milliseconds: Readonly<Record<string, Readonly<Record<string, Latency>>>>;
  readonly versions: Readonly<Record<string, string>>;
}

const { values } = parseArgs({
  options: {
    model: { type: "string" },
    python: { type: "string" },
    threads: { type: "string", default: "2" },
    prompt: { type: "string", default: "128" },
    tokens: { type: "string", default: "64" },
    rounds: { type: "string", default: "3" },
  },
});
const { model: folder, python } = values;
if (folder === undefined || python === undefined) throw new Error("expected --model <folder> --python <interpreter>");
const [threads, tokens, rounds] = [values.threads, values.tokens, values.rounds].map(Number) as [
  number,
  number,
  number,
];
const scratch = mkdtempSync(join(tmpdir(), "smollm2-latency-"));
const tokenizer = await loadTokenizer(folder);
const words = PROMPTS.map((prompt) => (typeof prompt === "string" ? prompt : JSON.stringify(prompt))).join(" ");
const prompt = tokenizer.encode(words).slice(0, Number(values.prompt));
const peer = await startPeer(python, "../smollm2/latency.py", threads);

/** The checkpoint with its matrices rounded to float16. */
function inFloat16(from: string): string {
  const to = join(scratch, "float16");
  cpSync(from, to, { recursive: true });
  const checkpoint = openCheckpoint(from);
  const halves = [...checkpoint.tensors.values()].map(({ name, shape }) => ({
    name,
    shape,
    type: "F16" as const,
    bytes: () => encodeFloats(checkpoint.read(name), "F16"),
  }));
  writeLazySafetensors(join(to, "model.safetensors"), halves, { format: "pt" });
  return to;
}

async function ours(model: string, precision: "float32" | "int8"): Promise<() => Promise<Latency>> {
  const engine = onnx({ threads, precision });
  const opened = await loadModel({ model, architecture: architectureOf(model), engine, tokenizer });
  const writer = opened.withoutAdapter({ kind: "language-model" });
  return async () => {
    const times = [performance.now()];
    for await (const _ of generateTokens(writer.openReader(), prompt, { maxNewTokens: tokens, stopIds: [] })) {
      times.push(performance.now());
    }
    return latencyOf(times);
  };
}

async function theirs(model: string, type: string): Promise<Latency> {
  const { milliseconds } = (await peer.ask({ model, type, prompt, tokens })) as unknown as { milliseconds: number[] };
  return latencyOf(milliseconds);
}

function latencyOf(times: readonly number[]): Latency {
  const [first, ...others] = times.slice(1).map((time, index) => time - times[index]!);
  return { first: first!, token: median(others) };
}

function medians(all: readonly Latency[]): Latency {
  return { first: median(all.map(({ first }) => first)), token: median(all.map(({ token }) => token)) };
}

const milliseconds: Record<string, Record<string, Latency>> = {};
for (const [type, model] of [
  ["float32", folder],
  ["float16", inFloat16(folder)],
] as const) {
  const [float32, int8] = [await ours(model, "float32"), await ours(model, "int8")];
  const sides: Record<string, () => Promise<Latency>> = {
    "ours, float32": float32,
    "ours, int8": int8,
    "PyTorch, float32": () => theirs(model, "float32"),
    "PyTorch, bfloat16": () => theirs(model, "bfloat16"),
    ...(type === "float16" && { "PyTorch, float16": () => theirs(model, "float16") }),
  };
  const found: Record<string, Latency[]> = {};
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    for (const [side, measure] of Object.entries(sides)) {
      const latency = await measure();
      if (round > 0) found[side] = [...(found[side] ?? []), latency];
    }
  }
  milliseconds[type] = Object.fromEntries(Object.entries(found).map(([side, all]) => [side, medians(all)]));
  console.log(type, JSON.stringify(milliseconds[type]));
}
const result: LatencyResult = {
  threads,
  tokens: { prompt: prompt.length, text: tokens },
  rounds,
  milliseconds,
  versions: peer.versions,
};
appendRecord("latency", `${threads} threads`, result);
peer.close();
rmSync(scratch, { recursive: true });
process.exit();
