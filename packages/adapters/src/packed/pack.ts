import {
  type Adapter,
  type EncodedAdapter,
  type EncodedParameter,
  InvalidInputError,
  type JsonObject,
  type Method,
  type Parameter,
  type ParameterGroup,
} from "@blora/spec";
import { sizeOf, transposed } from "@blora/tensor";
import type { TensorEntry, TensorValues, WritableTensor } from "@blora/weights";
import { type AdapterWeights, groupParameters, namedParameters } from "../weights.ts";
import { packBits, packedLength, unpackBits } from "./bits.ts";

/** How the codes of a parameter lie: in vectors that have a width and a scale each. */
export interface PackedCodes {
  /** Width of each vector, [N]. */
  readonly bits: readonly number[];
  readonly signed: boolean;
  /** value = (code + offset) · scale */
  readonly offset: 0 | 0.5;
  readonly vector: EncodedParameter["vector"];
}

/** A parameter as `blora_config.json` describes it. */
export interface PackedParameter {
  readonly name: string;
  readonly group: ParameterGroup;
  readonly shape: readonly number[];
  /** Absent for float32 values. */
  readonly codes?: PackedCodes | undefined;
}

/** What `blora_config.json` says of the tensors beside it. */
export interface PackedState {
  /** By site path: what a method must know besides values, such as rank and bit widths. */
  readonly layouts: Readonly<Record<string, JsonObject>>;
  readonly parameters: readonly PackedParameter[];
}

/** The scales of every parameter with codes, then the value of each float scalar, in the order of the description. */
const SCALARS = "scalars";

/** Scales of a decoded parameter are a parameter beside it, from which it is encoded again. */
function scalesName(name: string): string {
  return `${name}.scales`;
}

/**
 * The weights as evaluation uses them: rounded parameters as codes of their
 * learned widths, the rest as float32. `unpackWeights` is the way back; what it
 * gives computes with these values to the last bit.
 */
export function packWeights(
  method: Method,
  weights: AdapterWeights,
): { state: PackedState; tensors: Map<string, WritableTensor> } {
  const encoded = new Map(
    [...weights.adapters].flatMap(([path, adapter]) => {
      const own = method.artifacts?.encode?.(adapter);
      return own === undefined ? [] : [[path, own] as const];
    }),
  );
  const parameters: PackedParameter[] = [];
  const tensors = new Map<string, WritableTensor>();
  const scales: number[] = [];
  const scalars: number[] = [];
  for (const [name, { group, shape, values }, own] of storedParameters(weights, encoded)) {
    if (own !== undefined) {
      const { bits, signed, offset, vector, codes } = own;
      parameters.push({ name, group, shape, codes: { bits, signed, offset, vector } });
      const bytes = packBits(codes, bits);
      tensors.set(name, { shape: [bytes.length], values: bytes });
      scales.push(...own.scales);
      continue;
    }
    parameters.push({ name, group, shape });
    if (shape.length === 0) scalars.push(values[0]!);
    else tensors.set(name, { shape, values });
  }
  tensors.set(SCALARS, { shape: [scales.length + scalars.length], values: Float32Array.from([...scales, ...scalars]) });
  const layouts = [...weights.adapters].map(([path, { layout }]) => [path, encoded.get(path)?.layout ?? layout]);
  return { state: { layouts: Object.fromEntries(layouts), parameters }, tensors };
}

/** Every parameter that is stored, with its codes where it has some. Of an encoded adapter those it names alone. */
function storedParameters(
  weights: AdapterWeights,
  encoded: ReadonlyMap<string, EncodedAdapter>,
): [name: string, parameter: Parameter, codes: EncodedParameter | undefined][] {
  const stored = new Map(
    [...weights.adapters].map(([path, adapter]) => [path, storedAdapter(adapter, encoded.get(path))]),
  );
  return [...namedParameters({ ...weights, adapters: stored })].map(([name, parameter]) => {
    const slash = name.indexOf("/");
    return [name, parameter, encoded.get(name.slice(0, slash))?.codes[name.slice(slash + 1)]];
  });
}

function storedAdapter(adapter: Adapter, encoded: EncodedAdapter | undefined): Adapter {
  if (encoded === undefined) return adapter;
  const coded = Object.keys(encoded.codes).map((name) => [name, adapter.parameters[name]!] as const);
  return { layout: encoded.layout, parameters: { ...Object.fromEntries(coded), ...encoded.parameters } };
}

/** Where the tensors of a packed file are read from. */
export interface PackedTensors {
  readonly path: string;
  readonly entries: ReadonlyMap<string, TensorEntry>;
  read(name: string): TensorValues;
}

/**
 * Weights from their description and the tensors beside it. Parameters with
 * codes come rounded, their scales beside them.
 *
 * @throws InvalidInputError listing every tensor that is missing, misshapen or unexpected, before any is read
 */
export function unpackWeights({ layouts, parameters }: PackedState, tensors: PackedTensors): AdapterWeights {
  const isScalar = ({ codes, shape }: PackedParameter) => codes === undefined && shape.length === 0;
  const coded = parameters.flatMap(({ codes }) => codes?.bits ?? []);
  requireTensors(parameters, coded.length + parameters.filter(isScalar).length, tensors);
  const numbers = tensors.read(SCALARS) as Float32Array;
  let [nextScale, nextScalar] = [0, coded.length];
  const restored = parameters.flatMap((parameter): [string, Parameter][] => {
    const { name, shape, group, codes } = parameter;
    if (codes === undefined) {
      const values = isScalar(parameter)
        ? numbers.slice(nextScalar, ++nextScalar)
        : (tensors.read(name) as Float32Array);
      return [[name, { shape, group, values }]];
    }
    const scales = numbers.slice(nextScale, nextScale + codes.bits.length);
    nextScale += codes.bits.length;
    const values = decode(tensors.read(name) as Uint8Array, shape, codes, scales);
    return [
      [name, { shape, group, values }],
      [scalesName(name), { shape: [scales.length], group: "frozen", values: scales }],
    ];
  });
  return groupParameters(layouts, restored, tensors.path);
}

function decode(
  bytes: Uint8Array,
  shape: readonly number[],
  { bits, signed, offset, vector }: PackedCodes,
  scales: Float32Array,
): Float32Array {
  const size = sizeOf(shape);
  const K = size / bits.length;
  const vectors = Float32Array.from(
    unpackBits(bytes, size, bits, signed),
    (code, index) => (code + offset) * scales[Math.floor(index / K)]!,
  );
  return vector === "column" ? transposed(vectors, K) : vectors;
}

/** Type and shape each tensor of the file must have, from the description. */
function requireTensors(parameters: readonly PackedParameter[], scalars: number, tensors: PackedTensors): void {
  const expected = new Map([[SCALARS, `F32 [${scalars}]`]]);
  for (const { name, shape, codes } of parameters) {
    if (codes !== undefined) expected.set(name, `U8 [${packedLength(sizeOf(shape), codes.bits)}]`);
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
