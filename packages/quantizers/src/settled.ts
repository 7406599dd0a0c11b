import { FLOAT_BITS } from "@blora/spec";
import { ops, type Tensor } from "@blora/tensor";

/** A number for each vector as a column [N, 1]; a plain number where it is the same for all. */
export function perVector(numbers: readonly number[]): Tensor | number {
  const [first] = numbers;
  return numbers.every((number) => number === first) ? first! : ops.tensor([...numbers], [numbers.length, 1]);
}

/** The width of all vectors; undefined where they differ. */
export function commonWidth(widths: readonly number[]): number | undefined {
  return widths.every((bits) => bits === widths[0]) ? widths[0] : undefined;
}

/** x [N, K] with the vectors of `FLOAT_BITS` as they are and the others as `round` rounds all of them at once. */
export function roundExceptFloat(
  x: Tensor,
  widths: readonly number[],
  round: (widths: readonly number[]) => Tensor,
): Tensor {
  const floats = widths.map((bits) => bits === FLOAT_BITS);
  // What floats would round to is thrown away: any width will do.
  const filler = widths.find((bits) => bits !== FLOAT_BITS);
  if (filler === undefined) return x;
  if (!floats.includes(true)) return round(widths);
  const isFloat = ops.cast(ops.tensor(floats.map(Number), [floats.length, 1]), "bool");
  return ops.where(isFloat, x, round(widths.map((bits) => (bits === FLOAT_BITS ? filler : bits))));
}
