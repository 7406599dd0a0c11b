import {
  type Architecture,
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
import { type Checkpoint, matchParameters, vocabularySizeOf } from "@blora/weights";
import type { AdaptedNetwork } from "./steps/network.ts";

/** What a network is read from. */
export interface NetworkParts {
  readonly architecture: Architecture;
  readonly checkpoint: Checkpoint;
  readonly method: Method;
}

/** A network read from a checkpoint, ready to be adapted. */
export interface BoundNetwork extends AdaptedNetwork {
  readonly method: Method;
  /** Every linear map that could be adapted. */
  readonly linears: readonly LinearSite[];
  /** What `headNames` names as it starts: from the checkpoint, or drawn where that has none. */
  readonly freshHead: ParameterRecord;
  /** Names of the head tensors the checkpoint lacks. */
  readonly drawnHead: ReadonlySet<string>;
  /** Rows of the token embedding, where `config.json` tells. */
  readonly vocabularySize: number | undefined;
  /** Longest text of the architecture, in tokens. */
  readonly maxLength: number;
  /** W0 [O, I] of a site. Reads from disk. */
  baseWeight(path: string): Float32Array;
}

/**
 * Reads the configuration of a checkpoint, chooses the sites, and finds every
 * tensor the forward pass needs.
 *
 * @param targets roles to adapt; the architecture's default where undefined
 * @param seed draws head tensors the checkpoint lacks
 * @throws InvalidInputError for an unknown role, or tensors that are missing or have another shape
 */
export function bindNetwork(
  { architecture, checkpoint, method }: NetworkParts,
  head: Head,
  targets: readonly string[] | undefined,
  seed: number,
): BoundNetwork {
  const config = architecture.parseConfig(checkpoint.config);
  const linears = architecture.sites(config);
  const specs = architecture.parameters(config, head);
  const { found, initialized } = matchParameters(specs, checkpoint, {
    aliases: (name) => architecture.aliases?.(name) ?? [],
    replaceHead: true,
  });
  const frozen = new Map<string, FrozenTensor>();
  const freshHead: Record<string, Parameter> = {};
  for (const spec of specs) {
    const stored = found.get(spec.name);
    if (spec.role === "head")
      freshHead[spec.name] = headParameter(spec, stored === undefined ? undefined : checkpoint.read(stored), seed);
    else if (method.trainsBase)
      freshHead[spec.name] = { shape: spec.shape, values: checkpoint.read(stored!), group: "weights" };
    else frozen.set(spec.name, checkpoint.frozen(stored!));
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
    drawnHead: new Set(initialized.map(({ name }) => name)),
    vocabularySize: vocabularySizeOf(checkpoint),
    maxLength: architecture.maxLength(config),
    baseWeight: (path) => checkpoint.read(found.get(`${path}.weight`)!),
  };
}

/** Sites by their paths. @throws InvalidInputError for a path the network does not have, naming `origin` */
export function sitesOf({ linears }: BoundNetwork, paths: Iterable<string>, origin: string): LinearSite[] {
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

function headParameter(spec: ParameterSpec, stored: Float32Array | undefined, seed: number): Parameter {
  const { shape, name, init } = spec;
  if (stored !== undefined) return { shape, values: stored, group: "head" };
  const size = sizeOf(shape);
  if (init.kind === "normal") {
    return { shape, values: normalValues({ seed, step: 0, path: name }, size, init.standardDeviation), group: "head" };
  }
  return { shape, values: new Float32Array(size).fill(init.kind === "ones" ? 1 : 0), group: "head" };
}
