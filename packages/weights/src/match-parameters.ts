import { InvalidInputError, type ParameterSpec } from "@blora/spec";
import type { Checkpoint } from "./checkpoint.ts";
import { OUTPUT } from "./tied-embeddings.ts";

export interface MatchOptions {
  /** Other names of a tensor, tried in order when its own is absent: `Architecture.aliases`. */
  readonly aliases?: (name: string) => readonly string[];
  /** Initialize a head tensor anew where the checkpoint has it in another shape, rather than refuse. */
  readonly replaceHead?: boolean;
}

export interface ParameterMatch {
  /** Parameter name to the name of its tensor in the checkpoint. */
  readonly found: ReadonlyMap<string, string>;
  /** Head parameters the checkpoint does not provide. */
  readonly initialized: readonly ParameterSpec[];
  /** Names of tensors that no parameter takes, sorted. */
  readonly unexpected: readonly string[];
}

const formatShape = (shape: readonly number[]): string => `[${shape.join(", ")}]`;

const MOST_NAMED = 8;

function someOf(names: readonly string[]): string {
  return names.slice(0, MOST_NAMED).join(", ") + (names.length > MOST_NAMED ? ", …" : "");
}

const isSameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((dimension, axis) => dimension === b[axis]);

/** The name without its numbers, which is the same in every layer. */
const patternOf = (name: string): string => name.replace(/(?<=^|\.)\d+(?=\.|$)/g, "*");

/** A decoder saved without an output matrix of its own, under a configuration that says that it has one. */
function adviceOf(missing: readonly string[]): string {
  if (missing.length !== 1 || missing[0] !== OUTPUT) return "";
  return ". Set tie_word_embeddings of its config.json to true where the output matrix is the token embedding";
}

/** What the names of a layer's tensors begin with, up to its number, which is left out; undefined outside of layers. */
const layerOf = (name: string): string | undefined => /^(.*?\.)\d+\./.exec(name)?.[1];

/**
 * Finds the tensor of every parameter. Base parameters must all be there, in
 * their shape; head parameters may be missing.
 *
 * @throws InvalidInputError that lists every missing and every misshapen tensor, and where some are missing those that
 *   no parameter takes: a renamed or fused tensor is among them. Also where tensors that no parameter takes are named
 *   as those of a layer are, but for its number: the configuration counts fewer layers. So are weights and biases within
 *   a layer that no parameter takes: the configuration leaves an option out. Other tensors too many, such as a head of
 *   pretraining, are none of ours.
 */
export function matchParameters(
  parameters: readonly ParameterSpec[],
  checkpoint: Pick<Checkpoint, "folder" | "tensors" | "names">,
  { aliases, replaceHead = false }: MatchOptions = {},
): ParameterMatch {
  const found = new Map<string, string>();
  const initialized: ParameterSpec[] = [];
  const missing: string[] = [];
  const misshapen = new Map<string, string>();
  for (const parameter of parameters) {
    const { name, shape, role } = parameter;
    const candidates = [name, ...(aliases?.(name) ?? [])];
    const tensor = candidates
      .map((candidate) => checkpoint.tensors.get(candidate))
      .find((match) => match !== undefined);
    if (tensor !== undefined && isSameShape(tensor.shape, shape)) found.set(name, tensor.name);
    else if (role === "head" && (tensor === undefined || replaceHead)) initialized.push(parameter);
    else if (tensor === undefined) missing.push(name);
    else misshapen.set(tensor.name, `expected ${formatShape(shape)}, found ${formatShape(tensor.shape)}`);
  }
  const taken = new Set(found.values());
  const unexpected = checkpoint.names.filter((name) => !taken.has(name));
  const unknown = unexpected.filter((name) => !misshapen.has(name));
  const others = unknown.length > 0 ? `; it has ${unknown.length} the model does not: ${someOf(unknown)}` : "";
  const layers = new Set(
    parameters.filter(({ role }) => role === "base").map(({ name }) => patternOf(found.get(name) ?? name)),
  );
  const uncounted = missing.length > 0 ? [] : unknown.filter((name) => layers.has(patternOf(name)));
  const places = new Set(Array.from(taken, layerOf));
  const isUnasked = (name: string): boolean =>
    /\.(?:weight|bias)$/.test(name) && layerOf(name) !== undefined && places.has(layerOf(name));
  const unasked = missing.length > 0 || uncounted.length > 0 ? [] : unknown.filter(isUnasked);
  const faults = [
    ...(missing.length > 0
      ? [`lacks ${missing.length} tensors of the model: ${missing.join(", ")}${others}${adviceOf(missing)}`]
      : []),
    ...(misshapen.size > 0
      ? [`has tensors of another shape: ${[...misshapen].map(([name, fault]) => `${name}: ${fault}`).join("; ")}`]
      : []),
    ...(uncounted.length > 0
      ? [
          `has ${uncounted.length} tensors of layers that its config.json does not count: ${someOf(uncounted)}. Set its number of layers (num_hidden_layers) to that of the weights`,
        ]
      : []),
    ...(unasked.length > 0
      ? [
          `has ${unasked.length} tensors of layers that the model of its config.json does not: ${someOf(unasked)}. Set the option that asks for them, such as attention_bias, or merge what was added to the model in training`,
        ]
      : []),
  ];
  if (faults.length > 0) throw new InvalidInputError(`The checkpoint in ${checkpoint.folder} ${faults.join(", and ")}`);
  return { found, initialized, unexpected };
}
