import { blora } from "@blora/lora";
import { uniform } from "@blora/quantizers";
import type { Adapter, LinearSite, Method, Parameter } from "@blora/spec";
import { normalValues, type Shape, sizeOf } from "@blora/tensor";
import type { TrainedAdapter } from "../../src/index.ts";
import { FAMILY_NAMES, type Family, openFamily } from "./families.ts";

/** Ranks of B-LoRA adapters held against PEFT, by the index of the site. */
const RANKS = { mixed: (index: number) => 1 + (index % 8), pruned: (index: number) => index % 4, empty: () => 0 };

const START_RANK = 8;

/** In floating point, at scale 1: what is exported is the matrices as they are. */
export const method: Method = blora({ quantizer: uniform({ bits: 32 }), rank: START_RANK, alpha: START_RANK });

export interface OurAdapter {
  /** `<family>.<ranks>` */
  readonly name: string;
  readonly family: Family;
  readonly adapter: TrainedAdapter;
}

/** Settled adapters of every family with drawn values, ranks 1 to 8; also some with sites of rank 0, and one with no other. */
export function ourAdapters(): OurAdapter[] {
  return FAMILY_NAMES.flatMap((name) => {
    const kinds = name === "deberta-v3" ? (["mixed", "pruned", "empty"] as const) : (["mixed"] as const);
    const family = openFamily(name);
    return kinds.map((kind) => ({ name: `${name}.${kind}`, family, adapter: drawAdapter(family, RANKS[kind], name) }));
  });
}

function drawAdapter(family: Family, rankOf: (index: number) => number, name: string): TrainedAdapter {
  const { linears, head, headKind } = family;
  const adapters = new Map(linears.map((site, index) => [site.path, settled(site, rankOf(index))]));
  const parameters = head.map((spec): [string, Parameter] => [spec.name, drawn(spec.name, spec.shape, 0.3, "head")]);
  return {
    weights: { adapters, head: Object.fromEntries(parameters) },
    description: {
      baseModel: `tiny/${name}`,
      task: "letters",
      head: headKind,
      method: JSON.parse(JSON.stringify(method)),
      maxSeqLength: 32,
      ranks: {},
      bits: {},
      bops: { scope: "adapter", unit: "bit operations", macs: 0, bitOperations: 0, baseline: 0, ratio: 0 },
      ledger: [],
    },
  };
}

/** As after the settle phase, with 8-bit factors and what lay between them folded into B; a pruned site has no matrices. */
function settled(site: LinearSite, rank: number): Adapter {
  const bits = Array<number>(rank).fill(32);
  const layout = { phase: "settle", rank, bits: { A: bits, B: bits }, unsigned: [] };
  if (rank === 0) return { layout, parameters: {} };
  const A = drawn(`${site.path}/A`, [rank, site.inFeatures], 0.3);
  const B = drawn(`${site.path}/B`, [site.outFeatures, rank], 0.3);
  const scales = eightBits(
    drawn(`${site.path}/E`, [rank], 0.5).values.map((value) => value + Math.sign(value)),
    3,
  );
  const folded = eightBits(B.values, 1).map((value, index) => value * (scales[index % rank]! * (12 / START_RANK)));
  return { layout, parameters: { A: { ...A, values: eightBits(A.values, 1) }, B: { ...B, values: folded } } };
}

/** Rounded to 255 levels over [-range, range], float32 by float32. */
function eightBits(values: Float32Array, range: number): Float32Array {
  const most = Math.fround(Math.exp(Math.fround(Math.log(range))));
  const step = Math.fround(most * Math.fround(2 / 255));
  const limit = Math.fround(most * Math.fround(1 - 2 ** -20));
  return values.map((value) => {
    const steps = Math.fround(Math.max(-limit, Math.min(limit, value)) / step);
    return Math.round(steps) * step;
  });
}

function drawn(path: string, shape: Shape, deviation: number, group: Parameter["group"] = "weights"): Parameter {
  return { shape, values: normalValues({ seed: 11, step: 0, path }, sizeOf(shape), deviation), group };
}
