import { mergedWeight } from "@blora/adapters";
import { type Network, type OpenNetwork, openPlain, type PlainAdapter } from "@blora/network";
import type { Shape } from "@blora/tensor";

/** A tensor of the exported graph, read when it is written: never all of them at once. */
export interface Weight {
  readonly shape: Shape;
  /** Row-major float32 values. */
  read(): Float32Array;
  /** Whether it may be stored rounded: weights of the base, not of the head. */
  readonly isBase: boolean;
}

/** Names of the factors of an update kept beside its weight. */
export const factorNames = (path: string): { A: string; B: string } => ({
  A: `${path}.lora_A.weight`,
  B: `${path}.lora_B.weight`,
});

/**
 * Every weight the graph may use. Merged updates are added to their weights as
 * those are read; others are weights of their own.
 */
export function collectWeights(network: Network, adapter: PlainAdapter, merge: boolean): ReadonlyMap<string, Weight> {
  const { updates, head } = adapter;
  const tensors = network.tensors(head);
  const weights = new Map<string, Weight>();
  for (const [name, { shape }] of tensors.base) {
    const update = merge && name.endsWith(".weight") ? updates.get(name.slice(0, -".weight".length)) : undefined;
    const values = () => tensors.read(name)!;
    const read = () => (update === undefined ? values() : mergedWeight(values(), update));
    weights.set(name, { shape, read, isBase: true });
  }
  for (const [name, { shape, values }] of Object.entries(openPlain(network, adapter, network.name).weights.head))
    weights.set(name, { shape, read: () => values, isBase: false });
  if (merge) return weights;
  for (const [path, { rank, A, B }] of updates) {
    const names = factorNames(path);
    weights.set(names.A, { shape: [rank, A.length / rank], read: () => A, isBase: false });
    weights.set(names.B, { shape: [B.length / rank, rank], read: () => B, isBase: false });
  }
  return weights;
}

/** Every weight of a network with an adapter as its method evaluates it: of the base, of the head, and the adapter's parameters. */
export function trainedWeights(network: Network, { head, weights }: OpenNetwork): ReadonlyMap<string, Weight> {
  const { base, read } = network.tensors(head);
  const all = new Map<string, Weight>();
  for (const [name, { shape }] of base) all.set(name, { shape, read: () => read(name)!, isBase: true });
  const trained = [
    ...Object.entries(weights.head),
    ...[...weights.adapters].flatMap(([path, { parameters }]) =>
      Object.entries(parameters).map(([name, parameter]) => [`${path}/${name}`, parameter] as const),
    ),
  ];
  // A method may train the base itself.
  for (const [name, { shape, values }] of trained) all.set(name, { shape, read: () => values, isBase: base.has(name) });
  return all;
}
