import { type Adapter, type Head, InvalidInputError, type LowRankUpdate, type Method, orDidYouMean } from "@blora/spec";
import { type HostTensor, ops } from "@blora/tensor";
import type { Network } from "./network.ts";

/** A trained adapter as plain LoRA: what computing with it takes, whatever method trained it. */
export interface PlainAdapter {
  /** By site path. */
  readonly updates: ReadonlyMap<string, LowRankUpdate>;
  /** Tensors trained as the head, by the architecture's names. */
  readonly headTensors: Readonly<Record<string, HostTensor>>;
  readonly head: Head;
  /** Longest text it was trained with, in tokens; Infinity where nothing tells. */
  readonly maxSeqLength: number;
}

/**
 * The network's linear maps with the update in factors, x·W0ᵀ + b + (x·Aᵀ)·Bᵀ:
 * a merged matrix for each adapter would cost as much as the base.
 */
export const plainMethod: Pick<Method, "apply"> = {
  apply({ parameters: { A, B } }, x, base) {
    return ops.add(base.apply(x), ops.matMul(ops.matMul(x, A!, false, true), B!, false, true));
  },
};

/** Adapters of `plainMethod`: A [R, I] and B [O, R], any scale folded into B. */
export function plainWeights({ updates }: PlainAdapter): ReadonlyMap<string, Adapter> {
  return new Map(
    [...updates].map(([path, { rank, A, B }]): [string, Adapter] => [
      path,
      {
        layout: { rank },
        parameters: {
          A: { shape: [rank, A.length / rank], values: A, group: "weights" },
          B: { shape: [B.length / rank, rank], values: B, group: "weights" },
        },
      },
    ]),
  );
}

/** @throws InvalidInputError that lists every site the network lacks or has in another shape */
export function requireFit({ linears, name }: Network, { updates }: PlainAdapter, origin: string): void {
  const known = new Map(linears.map((site) => [site.path, site]));
  const faults = [...updates].flatMap(([path, { rank, A, B }]) => {
    const site = known.get(path);
    if (site === undefined) return [`no linear map ${path}${orDidYouMean(path, known.keys())}`];
    const { inFeatures: I, outFeatures: O } = site;
    if (A.length === rank * I && B.length === rank * O) return [];
    return [`${path} of shape [${O}, ${I}], the adapter is for [${B.length / rank}, ${A.length / rank}]`];
  });
  if (faults.length === 0) return;
  throw new InvalidInputError(`${origin} does not fit ${name}: found ${faults.join("; ")}.`);
}
