import { InvalidInputError, type ParameterSpec } from "@blora/spec";
import type { Checkpoint } from "./checkpoint.ts";

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

/**
 * Finds the tensor of every parameter. Base parameters must all be there, in
 * their shape; head parameters may be missing.
 *
 * Throws one `InvalidInputError` that lists every missing and every misshapen tensor, and where some are missing
 * those that no parameter takes: a renamed or fused tensor is among them.
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
  const faults = [
    ...(missing.length > 0 ? [`lacks ${missing.length} tensors of the model: ${missing.join(", ")}${others}`] : []),
    ...(misshapen.size > 0
      ? [`has tensors of another shape: ${[...misshapen].map(([name, fault]) => `${name}: ${fault}`).join("; ")}`]
      : []),
  ];
  if (faults.length > 0) throw new InvalidInputError(`The checkpoint in ${checkpoint.folder} ${faults.join(", and ")}`);
  return { found, initialized, unexpected };
}
