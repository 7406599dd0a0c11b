import { hardConcrete } from "@blora/gates";
import { blora } from "@blora/lora";
import { uniform } from "@blora/quantizers";
import type { Adapter, LinearSite, Method, Parameter } from "@blora/spec";
import { normalValues, type Shape, sizeOf } from "@blora/tensor";
import type { TrainedAdapter } from "../../src/index.ts";
import { FAMILY_NAMES, type Family, openFamily } from "./families.ts";

/** Ranks of B-LoRA adapters held against PEFT, by the index of the site. */
const RANKS = { mixed: (index: number) => 1 + (index % 8), pruned: (index: number) => index % 4, empty: () => 0 };

const START_RANK = 8;
export const method: Method = blora({
  rankGate: hardConcrete(),
  quantizer: uniform({ bits: 8 }),
  rank: START_RANK,
  alpha: 12,
  rankPrior: "independent",
});

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

/** As after the settle phase, in 8 bits; a pruned site keeps one component that E multiplies by zero. */
function settled(site: LinearSite, rank: number): Adapter {
  const kept = Math.max(1, rank);
  const range = (value: number): Parameter => ({
    shape: [],
    values: Float32Array.of(Math.log(value)),
    group: "ranges",
  });
  const E = drawn(`${site.path}/E`, [kept], 0.5);
  return {
    layout: { phase: "settle", rank: kept, signed: { A: true, E: true, B: true }, bits: { A: 8, E: 8, B: 8 } },
    parameters: {
      A: drawn(`${site.path}/A`, [kept, site.inFeatures], 0.3),
      E:
        rank === 0
          ? { ...E, values: new Float32Array(kept) }
          : { ...E, values: E.values.map((value) => value + Math.sign(value)) },
      B: drawn(`${site.path}/B`, [site.outFeatures, kept], 0.3),
      "A.logRange": range(1),
      "E.logRange": range(3),
      "B.logRange": range(1),
    },
  };
}

function drawn(path: string, shape: Shape, deviation: number, group: Parameter["group"] = "weights"): Parameter {
  return { shape, values: normalValues({ seed: 11, step: 0, path }, sizeOf(shape), deviation), group };
}
