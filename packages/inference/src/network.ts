import { type Architecture, type FrozenTensor, type Head, InvalidInputError, type LinearSite } from "@blora/spec";
import type { HostTensor } from "@blora/tensor";
import { type Checkpoint, matchParameters, openCheckpoint } from "@blora/weights";

/** A checkpoint and the architecture that computes with it. Only headers are read. */
export interface Network {
  /** Hub id or folder, for messages. */
  readonly name: string;
  readonly architecture: Architecture;
  /** Parsed `config.json`. */
  readonly config: unknown;
  readonly checkpoint: Checkpoint;
  /** Every linear map that can be adapted. */
  readonly linears: readonly LinearSite[];
  /**
   * The tensors of a forward pass with this head.
   *
   * @param trained head tensors of an adapter, which win over those of the checkpoint
   * @throws InvalidInputError where neither has a tensor, or it has another shape
   */
  bind(head: Head, trained: Readonly<Record<string, HostTensor>>): BoundNetwork;
}

export interface BoundNetwork {
  /** Where base tensors lie, by the architecture's names. The same place is the same object in every binding. */
  readonly frozen: ReadonlyMap<string, FrozenTensor>;
  readonly head: Readonly<Record<string, HostTensor>>;
  /** Values of a base tensor as float32, read from disk. */
  read(name: string): Float32Array;
}

/** Opens a model folder and checks that the architecture reads it. */
export function openNetwork(architecture: Architecture, folder: string, name: string): Network {
  const checkpoint = openCheckpoint(folder);
  const config = architecture.parseConfig(checkpoint.config);
  const places = new Map<string, FrozenTensor>();

  const frozenAt = (stored: string): FrozenTensor => {
    const place = places.get(stored) ?? checkpoint.frozen(stored);
    places.set(stored, place);
    return place;
  };

  return {
    name,
    architecture,
    config,
    checkpoint,
    linears: architecture.sites(config),
    bind(head, trained) {
      const specs = architecture.parameters(config, head);
      const { found } = matchParameters(specs, checkpoint, {
        aliases: (parameter) => architecture.aliases?.(parameter) ?? [],
        replaceHead: true,
      });
      const frozen = new Map<string, FrozenTensor>();
      const tensors: Record<string, HostTensor> = {};
      const faults: string[] = [];
      for (const { name: parameter, role, shape } of specs) {
        const stored = found.get(parameter);
        const given = trained[parameter];
        if (role === "base") frozen.set(parameter, frozenAt(stored!));
        else if (given !== undefined && String(given.shape) !== String(shape))
          faults.push(`${parameter} as [${shape.join(", ")}], found [${given.shape.join(", ")}]`);
        else if (given !== undefined) tensors[parameter] = given;
        else if (stored !== undefined) tensors[parameter] = { shape, values: checkpoint.read(stored) };
        else faults.push(`${parameter}, found it neither in the adapter nor in the checkpoint`);
      }
      if (faults.length === 0)
        return { frozen, head: tensors, read: (parameter) => checkpoint.read(found.get(parameter)!) };
      throw new InvalidInputError(`${name}: expected the head tensors ${faults.join("; ")}.`);
    },
  };
}
