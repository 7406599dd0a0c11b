import { describeAdapter } from "@blora/adapters";
import { type Head, InvalidInputError } from "@blora/spec";
import { type BoundNetwork, bindNetwork, type NetworkParts, sitesOf } from "./bind-network.ts";
import { loadAdapterWeights, requireWholeHead } from "./load-adapter.ts";
import type { Snapshot } from "./state/training-state.ts";

/** A network ready to be run, with what its steps are fed: see `compileNetworkStep`. */
export interface OpenNetwork {
  readonly network: BoundNetwork;
  readonly snapshot: Snapshot;
}

/** Draws head tensors that a checkpoint without an adapter lacks. */
const HEAD_SEED = 0;

/**
 * A network as it is used after training: with the adapter of a folder in
 * place, or plain.
 *
 * @throws InvalidInputError where the adapter was trained for another head or other sites
 */
export async function openNetwork(parts: NetworkParts, head: Head, adapterFolder?: string): Promise<OpenNetwork> {
  const bound = bindNetwork(parts, head, undefined, HEAD_SEED);
  if (adapterFolder === undefined) {
    return { network: { ...bound, sites: [] }, snapshot: { adapters: new Map(), head: bound.freshHead } };
  }
  const description = await describeAdapter(adapterFolder);
  if (description !== undefined) requireSameHead(adapterFolder, description.head, head);
  const snapshot = await loadAdapterWeights(adapterFolder, bound);
  requireWholeHead(adapterFolder, bound, snapshot);
  return { network: { ...bound, sites: sitesOf(bound, snapshot.adapters.keys(), adapterFolder) }, snapshot };
}

/** Label order decides what a logit means, so labels are compared by name. */
export function requireSameHead(origin: string, adapter: Head, head: Head): void {
  if (JSON.stringify(adapter) === JSON.stringify(head)) return;
  throw new InvalidInputError(
    `${origin}: expected an adapter for ${describe(head)}, found one for ${describe(adapter)}.`,
  );
}

function describe(head: Head): string {
  return head.kind === "classification" ? `the labels ${head.labels.join(", ")}` : head.kind;
}
