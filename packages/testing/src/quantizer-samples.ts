import type { QuantizedTensor, Quantizer, VectorWidths } from "@blora/spec";
import { normalValues, ops, type Tensor, valueAndGradients } from "@blora/tensor";
import { expect } from "vitest";
import { expectAllClose, toTensors, valuesOf } from "./values.ts";

/** Root mean square of each sample vector: very unlike, so that a shared scale would show. */
const SIZES = [1, 12, 0.05];

/** Number of sample vectors. */
export const N: number = SIZES.length;

/** Length of each. */
export const K = 64;

/** Gaussian vectors [N, length], their magnitudes where unsigned. */
export function sampleVectors(signed: boolean, length: number = K): QuantizedTensor {
  const normal = normalValues({ seed: 5, step: 0, path: "quantizer-kit" }, N * length);
  const values = normal.map((value, index) => (signed ? value : Math.abs(value)) * SIZES[Math.floor(index / length)]!);
  return { values, vectors: N, signed };
}

/** Each vector as a tensor of its own. */
export function vectorsOf({ values, vectors, signed }: QuantizedTensor): QuantizedTensor[] {
  const length = values.length / vectors;
  return Array.from({ length: vectors }, (_, vector) => ({
    values: values.slice(vector * length, (vector + 1) * length),
    vectors: 1,
    signed,
  }));
}

/** Shares [vectors, L], all equal. */
export function evenShares(vectors: number, L: number): Tensor {
  return ops.fill([vectors, L], 1 / L);
}

/** Shares [N, L] that differ from vector to vector and from width to width. */
export function unevenShares(L: number): Tensor {
  const weights = Array.from({ length: N }, (_, vector) =>
    Array.from({ length: L }, (_, level) => 1 + (((vector + 2) * (level + 1)) % 5)),
  );
  const rows = weights.map((row) => row.map((weight) => weight / row.reduce((total, other) => total + other, 0)));
  return ops.tensor(rows.flat(), [N, L]);
}

/** The vectors of a tensor, rounded with parameters that start from them. */
export function roundFresh(quantizer: Quantizer, tensor: QuantizedTensor, widths: VectorWidths): Tensor {
  const x = ops.tensor(tensor.values, [tensor.vectors, tensor.values.length / tensor.vectors]);
  return quantizer.round(toTensors(quantizer.init(tensor)), x, tensor.signed, widths);
}

/** Gradients of Σ dy · Q(x), dy random. */
export interface SampleGradients {
  readonly byX: Tensor;
  /** By shares, where these are not one-hot. */
  readonly byShares: Tensor | undefined;
  /** By x, by each trained parameter, and by shares. */
  readonly all: readonly Tensor[];
  /** dy */
  readonly upstream: Tensor;
}

export function gradientsOf(quantizer: Quantizer, tensor: QuantizedTensor, widths: VectorWidths): SampleGradients {
  const { values, vectors, signed } = tensor;
  const shape: [number, number] = [vectors, values.length / vectors];
  const upstream = ops.tensor(normalValues({ seed: 6, step: 0, path: "quantizer-kit" }, values.length), shape);
  const start = quantizer.init(tensor);
  const parameters = toTensors(start);
  const names = Object.keys(start).filter((name) => start[name]!.group !== "frozen");
  const shares = "shares" in widths ? [widths.shares] : [];
  const { gradients } = valueAndGradients(
    (x, ...rest) => {
      const trained = Object.fromEntries(names.map((name, index) => [name, rest[index]!]));
      const mix = rest[names.length];
      const by = mix === undefined ? widths : { shares: mix };
      return ops.sum(ops.mul(upstream, quantizer.round({ ...parameters, ...trained }, x!, signed, by)));
    },
    [ops.tensor(values, shape), ...names.map((name) => parameters[name]!), ...shares],
  );
  return { byX: gradients[0]!, byShares: gradients[names.length + 1], all: gradients, upstream };
}

/** Σ_l shares_l · values_l of each vector, in float64. */
export function weightedSum(values: readonly Float32Array[], shares: ArrayLike<number>): Float64Array {
  const L = values.length;
  return Float64Array.from(values[0]!, (_, index) => {
    const vector = Math.floor(index / K);
    return values.reduce((total, own, level) => total + shares[vector * L + level]! * own[index]!, 0);
  });
}

/** Σ (Q(x) - x)² / Σ x² of each vector. */
export function relativeErrors(rounded: Float32Array, { values }: QuantizedTensor): number[] {
  return Array.from({ length: N }, (_, vector) => {
    const own = values.subarray(vector * K, (vector + 1) * K);
    const error = own.reduce((total, value, k) => total + (rounded[vector * K + k]! - value) ** 2, 0);
    return error / own.reduce((total, value) => total + value ** 2, 0);
  });
}

/** Compares values of sample vectors, each to the precision of its size. */
export function expectVectors(found: Tensor, expected: ArrayLike<number>): void {
  const values = valuesOf(found);
  const scaled = (list: ArrayLike<number>): number[] =>
    Array.from(list, (value, index) => value / SIZES[Math.floor(index / K)]!);
  expectAllClose(scaled(values), scaled(expected), { relative: 1e-5, absolute: 2e-6 });
}

export function expectFinite(tensor: Tensor): void {
  for (const value of Array.from(valuesOf(tensor))) expect(Number.isFinite(value), `gradient ${value}`).toBe(true);
}

/** Values on the host. Whole numbers have one zero, and so have these. */
export function floatsOf(tensor: Tensor): Float32Array {
  return Float32Array.from(valuesOf(tensor), (value) => value + 0);
}
