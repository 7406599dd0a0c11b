import { blora } from "@blora/lora";
import { uniform } from "@blora/quantizers";
import type { Adapter, LinearSite, Method, Parameter } from "@blora/spec";
import { normalValues, sizeOf } from "@blora/tensor";
import type { AdapterDescription, TrainedAdapter } from "../src/index.ts";

export const SITES: readonly LinearSite[] = [
  { path: "encoder.layer.0.query", role: "query", inFeatures: 12, outFeatures: 8 },
  { path: "encoder.layer.1.query", role: "query", inFeatures: 12, outFeatures: 8 },
];

/** Widths of components, the strongest first. */
const WIDTHS = [8, 4, 2];

/** B-LoRA at the end of a run: ranks and widths are settled. */
export const method: Method = blora({ quantizer: uniform({ bits: [0, 2, 4, 8] }), rank: 4 });

/** Settled adapters of `SITES` with drawn values and the given ranks, and a head. */
export function tinyAdapter(ranks: readonly number[] = [3, 1]): TrainedAdapter {
  const adapters = new Map(SITES.map((site, index) => [site.path, settled(site, ranks[index]!)]));
  const head = {
    "classifier.weight": drawn("classifier.weight", [2, 8], "head"),
    "classifier.bias": drawn("classifier.bias", [2], "head"),
  };
  return { weights: { adapters, head }, description: describe(ranks) };
}

function settled(site: LinearSite, rank: number): Adapter {
  return {
    layout: { phase: "settle", rank, bits: bitsOf(rank), unsigned: [] },
    parameters: {
      A: drawn(`${site.path}/A`, [rank, site.inFeatures]),
      B: drawn(`${site.path}/B`, [site.outFeatures, rank]),
    },
  };
}

function bitsOf(rank: number): { A: number[]; B: number[] } {
  return { A: WIDTHS.slice(0, rank), B: WIDTHS.slice(0, rank) };
}

function drawn(path: string, shape: readonly number[], group: Parameter["group"] = "weights"): Parameter {
  return { shape, values: normalValues({ seed: 3, step: 0, path }, sizeOf(shape), 0.5), group };
}

function describe(ranks: readonly number[]): AdapterDescription {
  return {
    baseModel: "org/tiny",
    baseRevision: "0123456789abcdef0123456789abcdef01234567",
    task: "letters",
    head: { kind: "classification", labels: ["even", "odd"] },
    method: JSON.parse(JSON.stringify(method)),
    maxSeqLength: 32,
    ranks: Object.fromEntries(SITES.map(({ path }, index) => [path, ranks[index]!])),
    bits: Object.fromEntries(SITES.map(({ path }, index) => [path, bitsOf(ranks[index]!)])),
    bops: {
      scope: "adapter",
      unit: "bit operations",
      macs: 100,
      bitOperations: 1600,
      baseline: 102400,
      ratio: 1600 / 102400,
    },
    ledger: [{ path: SITES[0]!.path, matrix: "A", macs: 100, weightBits: 4, inputBits: 4, cost: 1600 }],
    results: { split: "validation", rows: 40, metric: "accuracy", scores: { accuracy: 0.85 }, seed: 42, steps: 900 },
  };
}
