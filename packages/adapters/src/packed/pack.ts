import {
  type EncodedValues,
  InvalidInputError,
  type JsonObject,
  type Method,
  type Parameter,
  type ParameterGroup,
} from "@blora/spec";
import { sizeOf } from "@blora/tensor";
import type { TensorEntry, TensorValues, WritableTensor } from "@blora/weights";
import { type AdapterWeights, groupParameters, namedParameters } from "../weights.ts";
import { packBits, packedLength, unpackBits } from "./bits.ts";

/** A parameter as `blora_config.json` describes it. */
export interface PackedParameter {
  readonly name: string;
  readonly group: ParameterGroup;
  readonly shape: readonly number[];
  /** Width of its codes; absent for float32 values. */
  readonly bits?: number | undefined;
  readonly signed?: boolean | undefined;
}

/** What `blora_config.json` says of the tensors beside it. */
export interface PackedState {
  /** By site path: what a method must know besides values, such as rank and bit widths. */
  readonly layouts: Readonly<Record<string, JsonObject>>;
  readonly parameters: readonly PackedParameter[];
}

/** One scale for each parameter with codes, then the value of each float scalar, in the order of the description. */
const SCALARS = "scalars";

/**
 * The weights as evaluation uses them: rounded parameters as codes of their
 * learned width, the rest as float32. `unpackWeights` is the way back; what it
 * gives evaluates to the same bits.
 */
export function packWeights(
  method: Method,
  weights: AdapterWeights,
): { state: PackedState; tensors: Map<string, WritableTensor> } {
  const encoded = encodedParameters(method, weights);
  const parameters: PackedParameter[] = [];
  const tensors = new Map<string, WritableTensor>();
  const scales: number[] = [];
  const scalars: number[] = [];
  for (const [name, { group, shape, values }] of namedParameters(weights)) {
    const codes = encoded.get(name);
    if (codes !== undefined) {
      const { bits, signed } = codes;
      parameters.push({ name, group, shape, bits, signed });
      const bytes = packBits(codes.codes, bits);
      tensors.set(name, { shape: [bytes.length], values: bytes });
      scales.push(codes.scale);
      continue;
    }
    parameters.push({ name, group, shape });
    if (shape.length === 0) scalars.push(values[0]!);
    else tensors.set(name, { shape, values });
  }
  tensors.set(SCALARS, { shape: [scales.length + scalars.length], values: Float32Array.of(...scales, ...scalars) });
  const layouts = Object.fromEntries([...weights.adapters].map(([path, { layout }]) => [path, layout]));
  return { state: { layouts, parameters }, tensors };
}

function encodedParameters(method: Method, { adapters }: AdapterWeights): Map<string, EncodedValues> {
  const encoded = new Map<string, EncodedValues>();
  for (const [path, adapter] of adapters) {
    for (const [name, codes] of Object.entries(method.encode?.(adapter) ?? {})) encoded.set(`${path}/${name}`, codes);
  }
  return encoded;
}

/** Where the tensors of a packed file are read from. */
export interface PackedTensors {
  readonly path: string;
  readonly entries: ReadonlyMap<string, TensorEntry>;
  read(name: string): TensorValues;
}

/**
 * Weights from their description and the tensors beside it.
 *
 * @throws InvalidInputError listing every tensor that is missing, misshapen or unexpected, before any is read
 */
export function unpackWeights({ layouts, parameters }: PackedState, tensors: PackedTensors): AdapterWeights {
  const coded = parameters.filter(({ bits }) => bits !== undefined);
  const scalar = parameters.filter(({ bits, shape }) => bits === undefined && shape.length === 0);
  requireTensors(parameters, coded.length + scalar.length, tensors);
  const numbers = tensors.read(SCALARS) as Float32Array;
  const numberOf = new Map([...coded, ...scalar].map(({ name }, index) => [name, numbers[index]!]));
  const decode = ({ name, shape, bits, signed }: PackedParameter): Float32Array => {
    const number = numberOf.get(name);
    if (bits !== undefined) {
      const codes = unpackBits(tensors.read(name) as Uint8Array, sizeOf(shape), bits, signed === true);
      return Float32Array.from(codes, (code) => code * number!);
    }
    return number === undefined ? (tensors.read(name) as Float32Array) : Float32Array.of(number);
  };
  const restored = parameters.map((parameter): [string, Parameter] => [
    parameter.name,
    { shape: parameter.shape, values: decode(parameter), group: parameter.group },
  ]);
  return groupParameters(layouts, restored, tensors.path);
}

/** Type and shape each tensor of the file must have, from the description. */
function requireTensors(parameters: readonly PackedParameter[], scalars: number, tensors: PackedTensors): void {
  const expected = new Map([[SCALARS, `F32 [${scalars}]`]]);
  for (const { name, shape, bits } of parameters) {
    if (bits !== undefined) expected.set(name, `U8 [${packedLength(sizeOf(shape), bits)}]`);
    else if (shape.length > 0) expected.set(name, `F32 [${shape.join(", ")}]`);
  }
  const problems: string[] = [];
  for (const [name, form] of expected) {
    const entry = tensors.entries.get(name);
    const found = entry && `${entry.type} [${entry.shape.join(", ")}]`;
    if (found === undefined) problems.push(`${name} is missing`);
    else if (found !== form) problems.push(`${name} is ${found}, expected ${form}`);
  }
  for (const name of tensors.entries.keys()) if (!expected.has(name)) problems.push(`${name} is unexpected`);
  if (problems.length === 0) return;
  throw new InvalidInputError(
    `${tensors.path}: expected the tensors its blora_config.json describes, found that ${problems.join("; ")}.`,
  );
}
