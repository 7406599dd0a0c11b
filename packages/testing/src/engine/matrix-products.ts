import type { Precision } from "@blora/spec";

/** A matrix [K, N] in codes from -127 to 127, each vector of `axis` at the scale of its largest magnitude. */
export function inWholeNumbers(
  values: ArrayLike<number>,
  N: number,
  axis: "row" | "column",
): { readonly codes: readonly number[]; readonly scales: readonly number[] } {
  const scales: number[] = [];
  const vectorOf = (index: number): number => (axis === "row" ? Math.floor(index / N) : index % N);
  const magnitudes = Array.from(values, Math.abs);
  for (const [index, magnitude] of magnitudes.entries()) {
    const vector = vectorOf(index);
    scales[vector] = Math.max(scales[vector] ?? 0, magnitude);
  }
  const codes = Array.from(values, (value, index) => {
    const scale = scales[vectorOf(index)]! / 127;
    return scale === 0 ? 0 : nearestEven(value / scale);
  });
  return { codes, scales: scales.map((largest) => largest / 127) };
}

function nearestEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** a·b of a [M, K] and b [K, N]: as it is, or as the exact integer product of their codes. */
export function product(
  precision: Precision,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  K: number,
  N: number,
): number[] {
  const M = a.length / K;
  const [left, right] =
    precision === "int8"
      ? [inWholeNumbers(a, K, "row"), inWholeNumbers(b, N, "column")]
      : [
          { codes: a, scales: Array<number>(M).fill(1) },
          { codes: b, scales: Array<number>(N).fill(1) },
        ];
  return Array.from({ length: M * N }, (_, index) => {
    const [m, n] = [Math.floor(index / N), index % N];
    let sum = 0;
    for (let k = 0; k < K; k++) sum += left.codes[m * K + k]! * right.codes[k * N + n]!;
    return sum * left.scales[m]! * right.scales[n]!;
  });
}

export function transposed(values: ArrayLike<number>, columns: number): number[] {
  const rows = values.length / columns;
  return Array.from(values, (_, index) => values[(index % rows) * columns + Math.floor(index / rows)]!);
}

export const sumOf = (a: ArrayLike<number>, b: ArrayLike<number>): number[] =>
  Array.from(a, (value, index) => value + b[index]!);
