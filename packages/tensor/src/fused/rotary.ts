import { add, cast, concat, cos, expandDims, mul, neg, sin, slice, sub, tensor } from "@tensorflow/tfjs-core";
import { withGradient } from "../autodiff.ts";
import type { Tensor } from "../types.ts";
import { fusedKernel } from "./kernel.ts";

/** Cosines and sines of the angles a position turns each pair of elements by: [B, T, R / 2], or [1, T, R / 2]. */
export interface RotaryTables {
  readonly cos: Tensor;
  readonly sin: Tensor;
}

/**
 * Angles of rotary position embeddings (Su et al., 2021): position / base^(2i / R) for pair i.
 *
 * Every step is rounded to float32 as in Hugging Face: at a position of
 * thousands, one ulp of a frequency is a visible angle.
 *
 * @param positions int32 [B, T], or [1, T] where all rows have the same
 * @param size R, elements of a head that are turned; even
 * @param rescale what a frequency becomes, where positions are stretched. Default: itself
 */
export function rotaryTables(
  positions: Tensor,
  size: number,
  base: number,
  rescale: (frequency: number) => number = (frequency) => frequency,
): RotaryTables {
  const { fround } = Math;
  const frequencies = Float32Array.from({ length: size / 2 }, (_, i) =>
    rescale(fround(1 / fround(base ** fround((2 * i) / size)))),
  );
  const angles = mul(expandDims(cast(positions, "float32"), 2), tensor(frequencies, [1, 1, size / 2]));
  return { cos: cos(angles), sin: sin(angles) };
}

/**
 * Turns the first R elements of every head: element i and i + R / 2 are a
 * pair. The rest, where R is below D, stays as it is.
 *
 * @param x [B, T, N, D]
 */
export function rotary(x: Tensor, tables: RotaryTables): Tensor {
  return withGradient((x: Tensor) => ({
    value: turn(x, tables),
    saved: [tables.cos, tables.sin],
    // A turn's gradient is the turn back.
    gradient: (dy, [cos, sin]) => [turn(dy, { cos: cos!, sin: neg(sin!) })],
  }))(x);
}

function turn(x: Tensor, tables: RotaryTables): Tensor {
  const [value] = fusedKernel("Rotary", { x, cos: tables.cos, sin: tables.sin }, {}, () => {
    const [B, T, N, D] = x.shape as [number, number, number, number];
    const half = tables.cos.shape[2]!;
    const part = (start: number, size: number): Tensor => slice(x, [0, 0, 0, start], [B, T, N, size]);
    const [cosine, sine] = [expandDims(tables.cos, 2), expandDims(tables.sin, 2)]; // [B, T, 1, R / 2]
    const [a, b] = [part(0, half), part(half, half)];
    const turned = [sub(mul(a, cosine), mul(b, sine)), add(mul(b, cosine), mul(a, sine))];
    const rest = D - 2 * half;
    return [concat(rest === 0 ? turned : [...turned, part(2 * half, rest)], 3)];
  });
  return value!;
}
