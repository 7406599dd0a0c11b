import type { AdapterWeights } from "@blora/adapters";
import {
  didYouMean,
  type FrozenTensor,
  type Head,
  InvalidInputError,
  type LinearSite,
  type Method,
  type Parameter,
  type ParameterRecord,
  type ParameterSpec,
} from "@blora/spec";
import { normalValues, sizeOf } from "@blora/tensor";
import type { Network } from "./network.ts";
import type { AdaptedNetwork } from "./trace-network.ts";

/** A network with a head and a method, ready to be adapted. */
export interface BoundNetwork extends AdaptedNetwork {
  readonly method: Method;
  /** Every linear map that could be adapted. */
  readonly linears: readonly LinearSite[];
  /** What `headNames` names as it starts: from the checkpoint, or drawn where that has none. */
  readonly freshHead: ParameterRecord;
  /** Names of the head tensors the checkpoint lacks. */
  readonly drawnHead: ReadonlySet<string>;
  /** Whether the checkpoint's head has its labels in another order than `head`; `freshHead` has them in the head's. */
  readonly isHeadReordered: boolean;
  /** Rows of the token embedding, where `config.json` tells. */
  readonly vocabularySize: number | undefined;
  /** Longest text of the architecture, in tokens. */
  readonly maxLength: number;
  /** W0 [O, I] of a site. Reads from disk. */
  baseWeight(path: string): Float32Array;
  /** The checkpoint's values of a parameter; undefined where it has none. Reads from disk. */
  baseTensor(name: string): Float32Array | undefined;
}

/**
 * Chooses the sites of a network and finds every tensor its forward pass needs.
 *
 * @param targets roles to adapt; the architecture's default where undefined
 * @param seed draws head tensors the checkpoint lacks
 * @throws InvalidInputError for an unknown role, or tensors that are missing or have another shape
 */
export function bindNetwork(
  network: Network,
  method: Method,
  head: Head,
  targets: readonly string[] | undefined,
  seed: number,
): BoundNetwork {
  const { architecture, config, linears, vocabularySize, maxLength } = network;
  const tensors = network.tensors(head);
  const frozen = new Map<string, FrozenTensor>();
  const freshHead: Record<string, Parameter> = {};
  const drawnHead = new Set<string>();
  for (const [name, tensor] of tensors.base) {
    if (!method.trainsBase) frozen.set(name, tensor);
    else freshHead[name] = { shape: tensor.shape, values: tensors.read(name)!, group: "weights" };
  }
  for (const spec of tensors.head) {
    const stored = tensors.read(spec.name);
    if (stored === undefined) drawnHead.add(spec.name);
    freshHead[spec.name] = { shape: spec.shape, values: stored ?? drawnValues(spec, seed), group: "head" };
  }
  return {
    architecture,
    config,
    head,
    method,
    linears,
    sites: chooseSites(linears, targets ?? architecture.defaultTargets),
    frozen,
    headNames: new Set(Object.keys(freshHead)),
    freshHead,
    drawnHead,
    isHeadReordered: tensors.isReordered,
    vocabularySize,
    maxLength,
    baseWeight: (path) => tensors.read(`${path}.weight`)!,
    baseTensor: tensors.read,
  };
}

/** Tensors of the head that are drawn: neither an adapter nor the checkpoint has them. */
export function drawnTensors({ freshHead, drawnHead }: BoundNetwork, { head }: Pick<AdapterWeights, "head">): string[] {
  return [...drawnHead].filter((name) => head[name] === undefined || head[name] === freshHead[name]);
}

/** Sites by their paths. @throws InvalidInputError for a path the network does not have, naming `origin` */
export function sitesOf({ linears }: Pick<Network, "linears">, paths: Iterable<string>, origin: string): LinearSite[] {
  return Array.from(paths, (path) => {
    const site = linears.find((linear) => linear.path === path);
    if (site !== undefined) return site;
    throw new InvalidInputError(
      `${origin}: expected sites of this model, found ${path}. The adapter belongs to another model.`,
    );
  });
}

function chooseSites(linears: readonly LinearSite[], targets: readonly string[]): LinearSite[] {
  const roles = [...new Set(linears.map(({ role }) => role))];
  const unknown = targets.find((target) => !roles.includes(target));
  if (unknown === undefined) return linears.filter(({ role }) => targets.includes(role));
  throw new InvalidInputError(
    `targets: expected roles of this architecture (${roles.join(", ")}), found "${unknown}".${didYouMean(unknown, roles)}`,
  );
}

function drawnValues({ shape, name, init }: ParameterSpec, seed: number): Float32Array {
  const size = sizeOf(shape);
  if (init.kind === "normal") return normalValues({ seed, step: 0, path: name }, size, init.standardDeviation);
  return new Float32Array(size).fill(init.kind === "ones" ? 1 : 0);
}
