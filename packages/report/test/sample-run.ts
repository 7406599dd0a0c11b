import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { GateProbabilities, SiteSummary } from "@blora/spec";
import { doneRecord } from "./records.ts";

export const LAYERS = 3;
export const KINDS = ["attention.query", "attention.output.dense"] as const;
export const STEPS = [10, 20, 30, 40] as const;
/** Steps at which gates exist. */
export const GATE_STEPS = [20, 30] as const;

const paths = Array.from({ length: LAYERS }, (_, layer) =>
  KINDS.map((kind) => `encoder.layer.${layer}.${kind}`),
).flat();

/** Widths of the components of a site whose rank is the number of the site; others are closed. */
const WIDTHS = [8, 8, 4, 4, 2] as const;
/** Components that gates decide on. */
const COMPONENTS = [1, 2, 3, 4, 5] as const;

interface Sample {
  readonly seed?: number;
  /** Put wherever a name can be chosen. */
  readonly marker?: string;
  /** What has a width of its own. */
  readonly granularity?: "component" | "matrix";
  /** Whether it knows the time of its evaluations. */
  readonly isTimed?: boolean;
}

/** Writes the run directory of a short B-LoRA run. */
export async function writeSampleRun(
  folder: string,
  { seed = 1, marker = "rte", granularity = "component", isTimed = true }: Sample = {},
): Promise<void> {
  const gates = granularity === "component" ? componentGates : matrixGates;
  await mkdir(folder, { recursive: true });
  const write = (name: string, value: unknown) => writeFile(join(folder, name), `${JSON.stringify(value)}\n`);
  await write("blora-run.json", {
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
    ...((GATE_STEPS as readonly number[]).includes(step) ? [{ step, gates: gatesAt(step, gates) }] : []),
  ]);
  // The last line was cut off by a crash.
  await writeFile(
    join(folder, "metrics.jsonl"),
    `${lines.map((line) => JSON.stringify(line)).join("\n")}\n{"step":50,"lo`,
  );
  const { outcome } = doneRecord({
    ...{ task: marker, recipe: "blora", seed, best: 0.4, bitOperations: 300 },
    ...(isTimed && { evaluated: { rows: 150, seconds: 3 } }),
  });
  if (outcome.status !== "done") throw new Error("expected a finished run");
  await write("summary.json", {
    ...outcome.summary,
    ranks: Object.fromEntries(paths.map((path, index) => [path, index])),
    bits: Object.fromEntries(paths.map((path, rank) => [path, bitsOf(rank, granularity)])),
    warnings: [`${marker} deserves a second look.`],
  });
  await write("ledger.json", {
    scope: "adapter",
    unit: "bit operations",
    rows: paths.flatMap((path, rank) => products(path, WIDTHS.slice(0, rank))),
    baseline: paths.flatMap((path) => products(path, Array<number>(8).fill(32))),
  });
}

function bitsOf(rank: number, granularity: Sample["granularity"]): SiteSummary["bits"] {
  if (granularity === "matrix") return { A: 4, B: 8 };
  const widths = WIDTHS.slice(0, rank);
  return { A: widths, B: widths };
}

/** Products of a site, a row for each matrix and width: 10 multiply-accumulates for each component. */
function products(path: string, widths: readonly number[]) {
  return ["A", "B"].flatMap((matrix) =>
    [...new Set(widths)].map((weightBits) => {
      const macs = 10 * widths.filter((width) => width === weightBits).length;
      return { path, matrix, macs, weightBits, inputBits: 32, cost: macs * weightBits * 32 };
    }),
  );
}

function phaseAt(step: number): string {
  return step < GATE_STEPS[0] ? "warmup" : step <= GATE_STEPS[1] ? "gates" : "settle";
}

type SiteGates = (step: number, index: number) => GateProbabilities;

function gatesAt(step: number, siteGates: SiteGates): Record<string, GateProbabilities> {
  return Object.fromEntries(paths.map((path, index) => [path, siteGates(step, index)]));
}

/** Later components close first; those of later sites stay open longer. */
function componentGates(step: number, index: number): GateProbabilities {
  const reached = (component: number, width: number) =>
    Math.max(0, (100 - step - 10 * component - 2 * width + 2 * index) / 100);
  return Object.fromEntries(
    COMPONENTS.map((component) => [
      `component ${component}`,
      Object.fromEntries([2, 4, 8].map((width) => [width, reached(component, width)])),
    ]),
  );
}

function matrixGates(step: number, index: number): GateProbabilities {
  return { rank: { 2: 0.5, 3: 0.2 + 0.1 * index }, A: { 4: 1 - step / 100 } };
}
