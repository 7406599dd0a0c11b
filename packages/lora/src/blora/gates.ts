import {
  checkedGate,
  PluginError,
  requireLike,
  type TracedAdapter,
  type WidthGates,
  type WidthMode,
} from "@blora/spec";
import { evaluateOnHost, nestedChain, ops, type Shape, type Tensor } from "@blora/tensor";
import { type Chain, chainsOf, gatesName, quantizerOf } from "./layout.ts";
import type { BloraSettings } from "./options.ts";

/** What learns the levels of a chain; undefined where it stays at its highest until the layout is settled. */
export function gatesOf(settings: BloraSettings, { name, operands }: Chain): WidthGates | undefined {
  // The paper's rank gates: component i is open where gates 2 to i are. Level r is the rank r + 1.
  return name === "rank"
    ? nestedChain(checkedGate(settings.rankGate!), settings.rank)
    : quantizerOf(settings, operands[0]!).gates;
}

/** Gates g_i = P(rank ≥ i) of the components, [S, R], from the shares of ranks [S, R]. */
export function openComponents(shares: Tensor): Tensor {
  const R = shares.shape[1]!;
  const atLeast = Array.from({ length: R * R }, (_, index) => (Math.floor(index / R) >= index % R ? 1 : 0));
  return ops.matMul(shares, ops.tensor(atLeast, [R, R]));
}

/** Shares [S·N, L] of the levels of every chain, the N units of one site after those of another. */
export type ChainShares = ReadonlyMap<Chain["name"], Tensor>;

/** The gates of all sites that learn, each [S·N, G]: the N units of one site after those of another. */
export interface JoinedGates {
  readonly sites: number;
  /** Of what a chain learns; of no other. */
  of(chain: Chain): Tensor;
}

/** @param adapters of the sites, their gates [N, G] among the parameters */
export function joinGates(settings: BloraSettings, adapters: readonly TracedAdapter[]): JoinedGates {
  const learned = chainsOf(settings).filter((chain) => gatesOf(settings, chain) !== undefined);
  const joined = learned.map((chain) => {
    return [chain.name, joinRows(adapters.map(({ parameters }) => parameters[gatesName(chain)]!))] as const;
  });
  const byName = new Map(joined);
  return { sites: adapters.length, of: ({ name }) => byName.get(name)! };
}

/**
 * All chains of all sites at once: one graph of a few nodes, however many there are.
 *
 * @param uniform noise by path and shape, in mode `drawn`
 */
export function chainShares(
  settings: BloraSettings,
  joined: JoinedGates,
  mode: WidthMode,
  uniform: (path: string, shape: Shape) => Tensor,
): ChainShares {
  return new Map(
    chainsOf(settings).map((chain) => {
      const gates = gatesOf(settings, chain);
      if (gates === undefined) return [chain.name, certainlyHighest(chain.units * joined.sites, chain.levels.length)];
      const noise = (shape: Shape): Tensor => uniform(`gates/${chain.name}`, shape);
      const shape = [chain.units * joined.sites, chain.levels.length];
      const shares = gates.shares(joined.of(chain), mode, noise);
      return [chain.name, requireLike(shares, { shape }, "shares of a quantizer", "testQuantizer")];
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
  const N = gates.length / own.count;
  const shares = evaluateOnHost(() => own.shares(ops.tensor(gates, [N, own.count]), mode, noNoise));
  const rows = Array.from({ length: N }, (_, unit) => [...shares.subarray(unit * L, (unit + 1) * L)]);
  if (mode === "decided") requireDecided(rows, chain);
  return rows;
}

/** A level that no share is 1 of would be read as one that is not there. */
function requireDecided(rows: readonly (readonly number[])[], { name, levels }: Chain): void {
  const L = levels.length;
  const undecided = rows.find((row) => row.length !== L || row.filter((share) => share !== 0).join() !== "1");
  if (undecided === undefined) return;
  throw new PluginError(
    `The gates of ${name}: expected one share of 1 and ${L - 1} of 0 from "decided", found ${undecided.join(", ")}. Gates decide on exactly 0 or 1; testGate and testQuantizer of @blora/testing hold them to it.`,
  );
}

export function noNoise(): never {
  throw new Error("Only drawn gates take noise.");
}

function certainlyHighest(units: number, L: number): Tensor {
  return ops.tensor(
    Array.from({ length: units * L }, (_, index) => (index % L === L - 1 ? 1 : 0)),
    [units, L],
  );
}

/** Matrices one below the other. */
export function joinRows(parts: readonly Tensor[]): Tensor {
  return parts.length === 1 ? parts[0]! : ops.concat([...parts], 0);
}
