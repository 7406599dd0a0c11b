import type { AdapterWeights } from "@blora/adapters";
import { InvalidInputError, type LinearSite, type Parameter } from "@blora/spec";
import { sitesOf } from "./bind-network.ts";
import type { Network } from "./network.ts";
import { type PlainAdapter, plainMethod, plainWeights, requireFit } from "./plain-adapter.ts";
import type { AdaptedNetwork } from "./trace-network.ts";

/**
 * Which form of an adapter is computed. `trained`: as its method evaluates it, rounded weights and
 * activations included. `plain`: its update B·A as plain LoRA on the base as it is.
 */
export type AdapterForm = "trained" | "plain";

/** A network with an adapter in place, or none, ready to be computed: see `compileNetworkStep`. */
export interface OpenNetwork extends AdaptedNetwork {
  readonly name: string;
  readonly linears: readonly LinearSite[];
  readonly weights: AdapterWeights;
  readonly form: AdapterForm;
  /** Rows of the token embedding, where `config.json` tells. */
  readonly vocabularySize: number | undefined;
  /** Longest text the network reads, in tokens. */
  readonly maxLength: number;
  /** Longest text the adapter was trained with, in tokens; Infinity where nothing tells. */
  readonly maxSeqLength: number;
}

/**
 * A network with a plain adapter in place.
 *
 * @throws InvalidInputError that lists every site or head tensor the network lacks or has in another shape
 */
export function openPlain(network: Network, adapter: PlainAdapter, origin: string): OpenNetwork {
  requireFit(network, adapter, origin);
  const tensors = network.tensors(adapter.head);
  const head: Record<string, Parameter> = {};
  const faults: string[] = [];
  for (const { name, shape } of tensors.head) {
    const trained = adapter.headTensors[name];
    if (trained !== undefined && String(trained.shape) !== String(shape)) {
      faults.push(`${name} as [${shape.join(", ")}], found [${trained.shape.join(", ")}]`);
      continue;
    }
    const values = trained?.values ?? tensors.read(name);
    if (values === undefined) faults.push(`${name}, found it neither in the adapter nor in the checkpoint`);
    else head[name] = { shape, values, group: "head" };
  }
  if (faults.length > 0)
    throw new InvalidInputError(`${network.name}: expected the head tensors ${faults.join("; ")}.`);
  const { name, architecture, config, linears, vocabularySize, maxLength } = network;
  return {
    name,
    architecture,
    config,
    linears,
    vocabularySize,
    maxLength,
    head: adapter.head,
    method: plainMethod,
    sites: sitesOf(network, adapter.updates.keys(), origin),
    frozen: tensors.base,
    headNames: new Set(Object.keys(head)),
    weights: { adapters: plainWeights(adapter), head },
    form: "plain",
    maxSeqLength: adapter.maxSeqLength,
  };
}
