/**
 * Times one step of LoRA, and of B-LoRA in each phase, with widths of components
 * and of matrices and at scope `site`, at the shape of MiniLM, in turn with one
 * another, and counts the nodes of each graph. Settled at 8 bits, W0 and its input
 * are multiplied as whole numbers: `--only` compares these alone.
 *
 *   npm run bench:blora-step -- --threads 2 --rounds 15 --out benchmarks/results/blora-step.json
 *   npm run bench:blora-step -- --only "lora,8 bits" --rounds 15
 */

import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { onnx } from "@blora/engine-onnx";
import { hardConcrete } from "@blora/gates";
import { type BloraOptions, blora, lora } from "@blora/lora";
import { bayesianBits, uniform } from "@blora/quantizers";
import { machine } from "@blora/runs";
import type { CompiledStep, Method, Precision } from "@blora/spec";
import { type MethodStep, type MOMENTS, methodStep, PHASES } from "./blora-encoder.ts";
import { median } from "./measure.ts";

const { values } = parseArgs({
  options: {
    threads: { type: "string", default: "2" },
    rounds: { type: "string", default: "15" },
    hidden: { type: "string", default: "384" },
    layers: { type: "string", default: "6" },
    batch: { type: "string", default: "32" },
    length: { type: "string", default: "64" },
    /** Names or parts of names, with commas. LoRA comes first in any case. */
    only: { type: "string", default: "" },
    out: { type: "string" },
  },
});
const shape = {
  hidden: Number(values.hidden),
  layers: Number(values.layers),
  batch: Number(values.batch),
  length: Number(values.length),
  rank: 8,
};

const gate = hardConcrete({ initialLogit: 2 });
/** Gates that learn under a budget of 5 % of the bit operations of LoRA in 32 bit. */
const bloraWith = (options: Partial<BloraOptions>): Method =>
  blora({
    quantizer: uniform({ bits: [0, 2, 4, 8, 16], gate }),
    siteQuantizer: bayesianBits({ gate, minBits: 4 }),
    rank: shape.rank,
    granularity: "component",
    allocation: "gates",
    phases: PHASES,
    bopsTarget: 0.05,
    ...options,
  });
const components = bloraWith({});
const matrices = bloraWith({ granularity: "matrix", rankGate: gate, quantizer: bayesianBits({ gate }) });
const site = bloraWith({ scope: "site", bopsTarget: 0.2 });
/** As the control of the recipes: 8 bits for everything. */
const bytes = blora({
  quantizer: uniform({ bits: 8 }),
  siteQuantizer: bayesianBits({ gate, minBits: 8, maxBits: 8 }),
  rank: shape.rank,
  scope: "site",
  phases: { warmup: PHASES.warmup, gates: 0, settle: 1 - PHASES.warmup },
});
const plain = lora({ rank: shape.rank });
type Case = readonly [name: string, method: Method, moment: keyof typeof MOMENTS, precision?: Precision];
const CASES: readonly Case[] = [
  ["lora", plain, "warmup"],
  ["blora components, warm-up", components, "warmup"],
  ["blora components, gates", components, "gates"],
  ["blora components, settle", components, "settle"],
  ["blora matrices, gates", matrices, "gates"],
  ["blora matrices, settle", matrices, "settle"],
  ["blora site, gates", site, "gates"],
  ["blora site, gates, every row", bloraWith({ scope: "site", bopsTarget: 0.2, gradientShare: 1 }), "gates"],
  ["blora site, gates, every width drawn", bloraWith({ scope: "site", bopsTarget: 0.2, drawShare: 1 }), "gates"],
  ["blora site, settle", site, "settle"],
  ["blora site, settle, 8 bits", bytes, "settle"],
  ["lora, 8 bits in frozen products", plain, "warmup", "int8"],
  ["blora site, settle, 8 bits in frozen products too", bytes, "settle", "int8"],
];

interface Candidate {
  readonly name: string;
  readonly inputs: MethodStep;
  readonly compiled: CompiledStep;
  /** Of the traced graph. */
  readonly nodes: number;
  readonly milliseconds: number[];
  /** Of all threads. */
  readonly processor: number[];
}

const threads = Number(values.threads);
const engines = { float32: onnx({ threads }), int8: onnx({ threads, precision: "int8" }) };
const chosen = values.only.split(",");
const candidates: Candidate[] = [];
for (const [name, method, moment, precision = "float32"] of CASES) {
  if (name !== "lora" && !chosen.some((part) => name.includes(part))) continue;
  const engine = engines[precision];
  const inputs = await methodStep(shape, method, moment);
  const { nodes } = engine.plan!(inputs.step);
  candidates.push({
    name,
    inputs,
    nodes,
    compiled: await engine.compile(inputs.step),
    milliseconds: [],
    processor: [],
  });
}
for (let round = -2; round < Number(values.rounds); round++) {
  for (const { inputs, compiled, milliseconds, processor } of candidates) {
    const since = process.cpuUsage();
    const start = performance.now();
    await compiled.run(inputs.feeds, inputs.trainable, { seed: 1, step: round + 3 });
    if (round < 0) continue;
    milliseconds.push(performance.now() - start);
    const { user, system } = process.cpuUsage(since);
    processor.push((user + system) / 1000);
  }
}
const baseline = candidates[0]!;
const results = candidates.map(({ name, compiled, nodes, milliseconds, processor }) => ({
  name,
  milliseconds: median(milliseconds),
  timesLora: median(milliseconds) / median(baseline.milliseconds),
  processorMilliseconds: median(processor),
  timesLoraProcessor: median(processor) / median(baseline.processor),
  leastProcessor: Math.min(...processor) / Math.min(...baseline.processor),
  nodes,
  multiplyAccumulates: compiled.macs ?? null,
}));
for (const result of results) console.log(JSON.stringify(result));
for (const engine of Object.values(engines)) await engine.release();
if (values.out !== undefined) {
  const report = { ...machine(), threads, rounds: Number(values.rounds), shape, results };
  await writeFile(values.out, `${JSON.stringify(report, null, 2)}\n`);
}
