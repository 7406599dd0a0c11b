import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { GateProbabilities } from "@blora/spec";
import { doneRecord } from "./records.ts";

export const LAYERS = 3;
export const KINDS = ["attention.query", "attention.output.dense"] as const;
export const STEPS = [10, 20, 30, 40] as const;
/** Steps at which gates exist. */
export const GATE_STEPS = [20, 30] as const;

const paths = Array.from({ length: LAYERS }, (_, layer) =>
  KINDS.map((kind) => `encoder.layer.${layer}.${kind}`),
).flat();

/** Writes the run directory of a short B-LoRA run; `marker` is put wherever a name can be chosen. */
export async function writeSampleRun(
  folder: string,
  { seed = 1, marker = "rte" }: { seed?: number; marker?: string } = {},
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const write = (name: string, value: unknown) => writeFile(join(folder, name), `${JSON.stringify(value)}\n`);
  await write("config.json", {
    task: { name: marker },
    model: marker,
    method: { $plugin: "method/blora", options: { rank: 8 } },
    machine: { cpu: "a processor", cores: 2 },
    versions: { "@blora/cli": "0.1.0" },
    arguments: { seed, learningRate: 0.001 },
  });
  const lines = STEPS.flatMap((step) => [
    { step, phase: phaseAt(step), loss: 1 / step, penalty: 0.1, learningRate: 1e-3 },
    {
      step,
      split: "validation",
      evaluationLoss: 2 / step,
      scores: { accuracy: step / 100 },
      costRatio: 0.5,
      meanRank: 4,
    },
    ...((GATE_STEPS as readonly number[]).includes(step) ? [{ step, gates: gatesAt(step) }] : []),
  ]);
  // The last line was cut off by a crash.
  await writeFile(
    join(folder, "metrics.jsonl"),
    `${lines.map((line) => JSON.stringify(line)).join("\n")}\n{"step":50,"lo`,
  );
  const { outcome } = doneRecord({ task: marker, recipe: "blora", seed, best: 0.4, bitOperations: 300 });
  if (outcome.status !== "done") throw new Error("expected a finished run");
  await write("summary.json", {
    ...outcome.summary,
    ranks: Object.fromEntries(paths.map((path, index) => [path, index])),
    bits: Object.fromEntries(paths.map((path) => [path, { A: 4, B: 8 }])),
    warnings: [`${marker} deserves a second look.`],
  });
  const product = (path: string, matrix: string, bits: number) => ({
    path,
    matrix,
    macs: 10,
    weightBits: bits,
    inputBits: 32,
    cost: 10 * bits * 32,
  });
  const products = (bits: number) => paths.flatMap((path) => ["A", "B"].map((matrix) => product(path, matrix, bits)));
  await write("ledger.json", { scope: "adapter", unit: "bit operations", rows: products(8), baseline: products(32) });
}

function phaseAt(step: number): string {
  return step < GATE_STEPS[0] ? "warmup" : step <= GATE_STEPS[1] ? "gates" : "settle";
}

function gatesAt(step: number): Record<string, GateProbabilities> {
  return Object.fromEntries(
    paths.map((path, index) => [path, { rank: { 2: 0.5, 3: 0.2 + 0.1 * index }, A: { 4: 1 - step / 100 } }]),
  );
}
