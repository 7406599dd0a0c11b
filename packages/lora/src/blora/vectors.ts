import {
  type ActivationStatistics,
  type Adapter,
  type AdapterStore,
  type LinearSite,
  type Parameter,
  type ParameterRecord,
  type QuantizedTensor,
  type Quantizer,
  requireLike,
} from "@blora/spec";
import { evaluateOnHost, ops, type Tensor, type TensorRecord, transposed } from "@blora/tensor";
import type { Rounding } from "../allocation/component-errors.ts";
import { largeOperandsOf, type Operand, quantizerOf, quantizerParameter, quantizerParameters } from "./layout.ts";
import type { BloraSettings } from "./options.ts";

/** A trained matrix as the vectors that have a width of their own: rows of A and columns of B, or all of it as one. */
export function vectorsOf(
  { granularity }: BloraSettings,
  { parameters }: Adapter,
  operand: "A" | "B",
): QuantizedTensor {
  const { values, shape } = parameters[operand]!;
  if (granularity === "matrix") return wholeTensor(values);
  return operand === "A"
    ? { values, vectors: shape[0]!, signed: true }
    : { values: transposed(values, shape[1]!), vectors: shape[1]!, signed: true };
}

/** A tensor that has one width. */
export function wholeTensor(values: Float32Array, signed = true): QuantizedTensor {
  return { values, vectors: 1, signed };
}

/** Vectors as evaluation rounds them, each at its width, on the host. */
export function roundedVectors(
  settings: BloraSettings,
  { parameters }: Adapter,
  operand: Operand,
  { values, vectors, signed }: QuantizedTensor,
  bits: readonly number[],
): Float32Array {
  return evaluateOnHost(() => {
    const own = tensorsOf(quantizerParameters(parameters, operand));
    const x = ops.tensor(values, [vectors, values.length / vectors]);
    return roundBy(quantizerOf(settings, operand), own, x, signed, bits);
  });
}

/** Vectors [N, K] rounded, held to that shape. */
export function roundBy(quantizer: Quantizer, ...asked: Parameters<Quantizer["round"]>): Tensor {
  return requireLike(quantizer.round(...asked), asked[1], "round of a quantizer", "testQuantizer");
}

/** Parameters as the step sees them. */
export function tensorsOf(parameters: ParameterRecord): TensorRecord {
  const tensors = Object.entries(parameters).map(
    ([name, { values, shape }]) => [name, ops.tensor(values, [...shape])] as const,
  );
  return Object.fromEntries(tensors);
}

/** The sides a trained matrix gives its components, [R, K], as they are and at one width: undefined for floating point, 0 for closed. */
export function componentRows(
  settings: BloraSettings,
  adapter: Adapter,
  matrix: "A" | "B",
  bits: number | undefined,
): Rounding {
  const tensor = vectorsOf(settings, adapter, matrix);
  const rows = (values: Float32Array) =>
    matrix === "B" && settings.granularity === "matrix" ? transposed(values, settings.rank) : values;
  const float = rows(tensor.values);
  if (bits === undefined) return { float, rounded: float };
  if (bits === 0) return { float, rounded: new Float32Array(float.length) };
  const widths = Array<number>(tensor.vectors).fill(bits);
  return { float, rounded: rows(roundedVectors(settings, adapter, matrix, tensor, widths)) };
}

/** What the activations of a site were, by operand. */
export type Observed = Readonly<Record<string, ActivationStatistics>>;

/** Starting parameters of every quantizer of a site, from its trained matrices and what its activations were. */
export function quantizerStarts(
  settings: BloraSettings,
  store: AdapterStore,
  { path }: LinearSite,
  observed: Observed,
): Record<string, Parameter> {
  const tensorOf = (operand: Operand): QuantizedTensor => {
    if (operand === "A" || operand === "B") return vectorsOf(settings, store.get(path), operand);
    if (operand === "W0") return wholeTensor(store.baseWeight(path));
    const { min, max } = observed[operand]!;
    return wholeTensor(Float32Array.of(min, max), min < 0);
  };
  const starts = (["A", "B", ...largeOperandsOf(settings)] as const).flatMap((operand) =>
    Object.entries(quantizerOf(settings, operand).init(tensorOf(operand))).map(
      ([name, parameter]) => [quantizerParameter(operand, name), parameter] as const,
    ),
  );
  return Object.fromEntries(starts);
}
