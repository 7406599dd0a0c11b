import { type EncodedValues, FLOAT_BITS, type QuantizedTensor } from "@blora/spec";
import { evaluateOnHost, type LevelsOf, onGrid, ops, type Tensor, withGradient } from "@blora/tensor";
import type { Grid, WidthConstants } from "./grid.ts";
import { commonWidth, perVector } from "./settled.ts";

/** What the width of every vector decides: [N, 1], or a number for all. */
interface VectorConstants extends WidthConstants {
  /** 0 where the width is 0, 1 elsewhere. */
  readonly open: Tensor | number;
}

/** Constants of a closed vector, whose values are multiplied by 0: those of any width. */
const PLACEHOLDER_BITS = 2;

function constantsOf(grid: Grid, bits: number, signed: boolean): WidthConstants<number> {
  return grid.constants(bits === 0 ? PLACEHOLDER_BITS : bits, signed);
}

/** x [N, K] at settled widths, 0 or those of the grid. */
export function roundSettled(grid: Grid, x: Tensor, widths: readonly number[], signed: boolean): Tensor {
  const bits = commonWidth(widths);
  const levelsOf = bits && { bits, signed, offset: grid.offset };
  return roundVectors(grid, x, settledConstants(grid, widths, signed), signed, levelsOf || undefined);
}

function settledConstants(grid: Grid, widths: readonly number[], signed: boolean): VectorConstants {
  const constants = widths.map((bits) => constantsOf(grid, bits, signed));
  return {
    inverseRange: perVector(constants.map(({ inverseRange }) => inverseRange)),
    count: perVector(constants.map(({ count }) => count)),
    open: perVector(widths.map((bits) => (bits === 0 ? 0 : 1))),
  };
}

/** x [N, K] at the width whose share [N, L] is 1: as `roundSettled` rounds, at widths that only the graph knows. */
export function roundOneHot(grid: Grid, x: Tensor, shares: Tensor, widths: readonly number[], signed: boolean): Tensor {
  const constants = widths.map((bits) => constantsOf(grid, bits, signed));
  const chosen = (numbers: readonly number[]): Tensor | number =>
    numbers.every((number) => number === numbers[0])
      ? numbers[0]!
      : ops.matMul(shares, ops.tensor([...numbers], [numbers.length, 1]));
  const byVector: VectorConstants = {
    inverseRange: chosen(constants.map(({ inverseRange }) => inverseRange)),
    count: chosen(constants.map(({ count }) => count)),
    open: chosen(widths.map((bits) => (bits === 0 ? 0 : 1))),
  };
  return roundVectors(grid, x, byVector, signed);
}

/**
 * Straight-through: the gradient by an open vector is dy, clipped values included.
 *
 * @param levelsOf what the levels of open vectors are, where these have one width
 */
function roundVectors(
  grid: Grid,
  x: Tensor,
  { open, ...constants }: VectorConstants,
  signed: boolean,
  levelsOf?: LevelsOf,
): Tensor {
  const round = withGradient((input: Tensor) => {
    const { levels, steps } = grid.place(input, constants, signed);
    if (open === 1) {
      const value = levelsOf === undefined ? ops.mul(levels, steps) : onGrid(levels, steps, levelsOf);
      return { value, gradient: (dy) => [dy] };
    }
    const mask = typeof open === "number" ? ops.scalar(open) : open;
    return {
      value: ops.mul(levels, ops.mul(steps, mask)),
      saved: [mask],
      gradient: (dy, [kept]) => [ops.mul(dy, kept!)],
    };
  });
  return round(x);
}

/**
 * Σ_l shares_l · Q_l(x) for x [N, K] and shares [N, L], where width 0 adds nothing.
 * The gradient by x is dy times the shares above 0 bits; by a share Σ dy · Q_l(x).
 *
 * @param widths L of them, ascending, at least one above 0
 */
export function roundMixture(
  grid: Grid,
  x: Tensor,
  shares: Tensor,
  widths: readonly number[],
  signed: boolean,
): Tensor {
  const [N, K] = x.shape as [number, number];
  const closed = widths[0] === 0 ? 1 : 0; // widths that add nothing
  const constants = widths.slice(closed).map((bits) => grid.constants(bits, signed));
  const L = constants.length;
  const across = (numbers: readonly number[]): Tensor => ops.tensor([...numbers], [1, L, 1]);
  const quantize = withGradient((input: Tensor, mix: Tensor) => {
    const open = closed === 0 ? mix : ops.slice(mix, [0, closed], [-1, L]); // [N, L]
    const { levels, steps } = grid.place(
      ops.reshape(input, [N, 1, K]),
      {
        inverseRange: across(constants.map(({ inverseRange }) => inverseRange)),
        count: across(constants.map(({ count }) => count)),
      },
      signed,
    ); // [N, L, K], [N, L, 1]
    const weights = ops.mul(ops.reshape(open, [N, L, 1]), steps);
    return {
      value: ops.reshape(ops.matMul(weights, levels, true, false), [N, K]),
      saved: [open, levels, steps],
      gradient: (dy, [share, placed, scales]) => {
        const along = ops.mul(ops.matMul(placed!, ops.reshape(dy, [N, K, 1])), scales!);
        const byShare = ops.reshape(along, [N, L]);
        return closed === 0
          ? [dy, byShare]
          : [
              ops.mul(dy, ops.sum(share!, 1, true)),
              ops.pad(byShare, [
                [0, 0],
                [closed, 0],
              ]),
            ];
      },
    };
  });
  return quantize(x, shares);
}

/** The codes of `roundSettled` and their scales; undefined where a vector has none, at 0 bits or in floating point. */
export function encodeOnGrid(
  grid: Grid,
  { values, vectors: N, signed }: QuantizedTensor,
  bits: readonly number[],
): EncodedValues | undefined {
  if (bits.includes(FLOAT_BITS) || bits.includes(0)) return undefined;
  const K = values.length / N;
  const constants = settledConstants(grid, bits, signed);
  const part = (name: "levels" | "steps") =>
    evaluateOnHost(() => grid.place(ops.tensor(values, [N, K]), constants, signed)[name]);
  const codes = new Int32Array(part("levels").map((level) => level - grid.offset));
  return { codes, bits, signed, offset: grid.offset, scales: part("steps") };
}
