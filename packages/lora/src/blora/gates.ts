import type { WidthGates, WidthMode } from "@blora/spec";
import { evaluateOnHost, nestedChain, ops, type Shape, type Tensor } from "@blora/tensor";
import { type Chain, chainsOf, gatesName, quantizerOf } from "./layout.ts";
import type { BloraSettings } from "./options.ts";

/** What learns the levels of a chain; undefined where it stays at its highest until the layout is settled. */
export function gatesOf(settings: BloraSettings, { name, operands }: Chain): WidthGates | undefined {
  // The paper's rank gates: component i is open where gates 2 to i are. Level r is the rank r + 1.
  return name === "rank" ? nestedChain(settings.rankGate!, settings.rank) : quantizerOf(settings, operands[0]!).gates;
}

/** Gates g_i = P(rank ≥ i) of the components, [S, R], from the shares of ranks [S, R]. */
export function openComponents(shares: Tensor): Tensor {
  const R = shares.shape[1]!;
  const atLeast = Array.from({ length: R * R }, (_, index) => (Math.floor(index / R) >= index % R ? 1 : 0));
  return ops.matMul(shares, ops.tensor(atLeast, [R, R]));
}

/** Shares [S·N, L] of the levels of every chain, the N units of one site after those of another. */
export type ChainShares = ReadonlyMap<Chain["name"], Tensor>;

/**
 * All chains of all sites at once: one graph of a few nodes, however many there are.
 *
 * @param logits gates [N, G] of a site by their name
 * @param uniform noise by path and shape, in mode `drawn`
 */
export function chainShares(
  settings: BloraSettings,
  logits: readonly Readonly<Record<string, Tensor>>[],
  mode: WidthMode,
  uniform: (path: string, shape: Shape) => Tensor,
): ChainShares {
  return new Map(
    chainsOf(settings).map((chain) => {
      const gates = gatesOf(settings, chain);
      const units = chain.units * logits.length;
      if (gates === undefined) return [chain.name, highestLevel(units, chain.levels.length)];
      const joined = joinRows(logits.map((site) => site[gatesName(chain)]!));
      return [chain.name, gates.shares(joined, mode, (shape) => uniform(`gates/${chain.name}`, shape))];
    }),
  );
}

/** Shares of the levels with nothing drawn, on the host: [S·N][L] by chain. */
export function hostShares(
  settings: BloraSettings,
  chain: Chain,
  gates: Float32Array,
  mode: "likely" | "decided",
): number[][] {
  const L = chain.levels.length;
  const own = gatesOf(settings, chain)!;
  const shares = evaluateOnHost(() =>
    own.shares(ops.tensor(gates, [gates.length / own.count, own.count]), mode, noNoise),
  );
  return Array.from({ length: shares.length / L }, (_, unit) => [...shares.subarray(unit * L, (unit + 1) * L)]);
}

export function noNoise(): never {
  throw new Error("Only drawn gates take noise.");
}

function highestLevel(units: number, L: number): Tensor {
  return ops.tensor(
    Array.from({ length: units * L }, (_, index) => (index % L === L - 1 ? 1 : 0)),
    [units, L],
  );
}

/** Matrices one below the other. */
export function joinRows(parts: readonly Tensor[]): Tensor {
  return parts.length === 1 ? parts[0]! : ops.concat([...parts], 0);
}
