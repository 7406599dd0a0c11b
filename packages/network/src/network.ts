import type { Architecture, FrozenTensor, Head, LinearSite, ParameterSpec } from "@blora/spec";
import { type Checkpoint, matchParameters, vocabularySizeOf } from "@blora/weights";
import { labelOrder, reorderRows } from "./label-order.ts";

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
  /** Longest text of the architecture, in tokens. */
  readonly maxLength: number;
  /** Rows of the token embedding, where `config.json` tells. */
  readonly vocabularySize: number | undefined;
  /**
   * The tensors of a forward pass with this head.
   *
   * @throws InvalidInputError where base tensors are missing or have another shape
   */
  tensors(head: Head): NetworkTensors;
}

/** Tensors of a forward pass, by the architecture's names. */
export interface NetworkTensors {
  /** Where the base lies. The same place is the same object for every head. */
  readonly base: ReadonlyMap<string, FrozenTensor>;
  readonly head: readonly ParameterSpec[];
  /** Whether the checkpoint's own head has the labels in another order: `read` gives them in this head's. */
  readonly isReordered: boolean;
  /**
   * Values as float32, read from disk; undefined for a head tensor the checkpoint lacks.
   *
   * @throws InvalidInputError naming file and tensor where a value is not finite
   */
  read(name: string): Float32Array | undefined;
}

/**
 * Opens a checkpoint with an architecture that reads it.
 *
 * @param padId what its tokenizer pads with: a decoder's classifier reads the last token that is another, as one of
 *   transformers does whose `pad_token_id` it is. What `config.json` says where undefined
 */
export function openNetwork(architecture: Architecture, checkpoint: Checkpoint, name: string, padId?: number): Network {
  const isPadded = padId !== undefined && architecture.languageModel !== undefined;
  const config = architecture.parseConfig(isPadded ? { ...checkpoint.config, pad_token_id: padId } : checkpoint.config);
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
    maxLength: architecture.maxLength(config),
    vocabularySize: vocabularySizeOf(checkpoint),
    tensors(head) {
      const specs = architecture.parameters(config, head);
      const { found } = matchParameters(specs, checkpoint, {
        aliases: (parameter) => architecture.aliases?.(parameter) ?? [],
        replaceHead: true,
      });
      const base = specs.filter(({ role }) => role === "base");
      const headSpecs = specs.filter(({ role }) => role === "head");
      const isOfLabels = labelled(headSpecs, head);
      const order = headSpecs.some((spec) => found.has(spec.name) && isOfLabels(spec))
        ? labelOrder(checkpoint.config, head, name)
        : undefined;
      const toReorder = new Set(order === undefined ? [] : headSpecs.filter(isOfLabels).map((spec) => spec.name));
      return {
        base: new Map(base.map(({ name: parameter }) => [parameter, frozenAt(found.get(parameter)!)])),
        head: headSpecs,
        isReordered: toReorder.size > 0,
        read(parameter) {
          const stored = found.get(parameter);
          if (stored === undefined) return undefined;
          const values = checkpoint.read(stored, { requireFinite: true });
          return toReorder.has(parameter) ? reorderRows(values, order!) : values;
        },
      };
    },
  };
}

/** Tells the tensors of the layer that answers, which comes last: its weight [C, H] and bias [C]. */
function labelled(specs: readonly ParameterSpec[], head: Head): (spec: ParameterSpec) => boolean {
  const C = "labels" in head ? head.labels.length : 0;
  const weight = specs.findLast(({ shape }) => shape.length === 2 && shape[0] === C);
  const layer = weight?.name.replace(/\.weight$/, "");
  return ({ name }) => layer !== undefined && (name === weight?.name || name === `${layer}.bias`);
}
