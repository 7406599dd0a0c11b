import { ops, roundStraightThrough, type Tensor } from "@blora/tensor";
import { gaussianRange } from "./gaussian-range.ts";

/** Where a range ends, as a share of it: at 1 itself, rounding could reach a level outside. Covers what float32 adds at 16 bits. */
export const EDGE: number = 1 - 2 ** -20;

/** Below all values that matter; dividing by it keeps vectors of zeros at zero. */
const TINY = 1e-30;

/** A number for each vector, or one for all. */
export type PerVector = Tensor | number;

/** What a width decides on a grid. */
export interface WidthConstants<N = PerVector> {
  /** α over the size of the vector, inverted. */
  readonly inverseRange: N;
  /** Steps in α. */
  readonly count: N;
}

/** Vectors on their grids: value = level · step. */
export interface Placed {
  /** Whole numbers plus the offset of the grid, as `x`. */
  readonly levels: Tensor;
  /** As `x`, with a last axis of 1. */
  readonly steps: Tensor;
}

/** Evenly spaced levels whose range follows from the vector itself. Nothing here has a gradient of its own. */
export interface Grid {
  /** What is added to a code to get a level. */
  readonly offset: 0 | 0.5;
  constants(bits: number, signed: boolean): WidthConstants<number>;
  /**
   * Vectors along the last axis of x. Constants broadcast to x with a last axis
   * of 1, so that one vector may be placed at several widths at once.
   */
  place(x: Tensor, constants: WidthConstants, signed: boolean): Placed;
}

/**
 * 2^b levels (c + ½)·step that leave zero out. Thresholds are those of the range
 * α = κ_b·rms(x), and the step is |x|²/Σ(c + ½)x: then ⟨Q(x), x⟩ = |x|², where
 * levels of the smallest error would shrink the vector. Without a sign the
 * range is [0, α], and negative values count as 0.
 */
export const midRise: Grid = {
  offset: 0.5,
  constants: (bits, signed) => ({
    inverseRange: 1 / gaussianRange(bits, signed),
    count: 2 ** (signed ? bits - 1 : bits),
  }),
  place: (x, { inverseRange, count }, signed) => {
    const values = signed ? x : ops.relu(x);
    const power = ops.mean(ops.square(values), -1, true);
    const rms = ops.maximum(ops.sqrt(power), ops.scalar(TINY));
    const inRange = ops.clipByValue(ops.mul(values, ops.div(inverseRange, rms)), signed ? -EDGE : 0, EDGE);
    // ⌊t⌋ + ½ but for t exactly whole, where either neighbour is as near.
    const levels = ops.add(roundStraightThrough(ops.sub(ops.mul(inRange, count), 0.5)), 0.5);
    const along = ops.mean(ops.mul(levels, values), -1, true);
    return { levels, steps: ops.div(power, ops.maximum(along, ops.scalar(TINY))) };
  },
};

/**
 * 2^b - 1 levels c·step around zero over [-α, α], α the largest magnitude, or 2^b
 * over [0, α]: rounding to nearest as it is usually done.
 */
export const absmax: Grid = {
  offset: 0,
  constants: (bits, signed) => ({ inverseRange: 1, count: (2 ** bits - 1) / (signed ? 2 : 1) }),
  place: (x, { inverseRange, count }, signed) => {
    const range = ops.maximum(ops.max(signed ? ops.abs(x) : x, -1, true), ops.scalar(TINY));
    const inRange = ops.clipByValue(ops.mul(x, ops.div(inverseRange, range)), signed ? -EDGE : 0, EDGE);
    return { levels: roundStraightThrough(ops.mul(inRange, count)), steps: ops.div(range, count) };
  },
};
