import type { LowRankUpdate } from "@blora/spec";
import { singularComponents } from "../../packages/lora/src/allocation/singular-components.ts";
import type { LoraQuantRow } from "./rows.ts";

export interface LoraQuantUpdate extends LowRankUpdate {
  /** Of its codes, and of its scales and zero points. */
  readonly codeBits: number;
  readonly scaleBits: number;
  /** h, components that kept `highBits`; the others have one bit. */
  readonly highRank: number;
}

type Settings = Pick<LoraQuantRow, "ratio" | "highBits">;

/** Values that share a scale, along a row of A and a column of B. */
const GROUP = 128;
const SCALE_BITS = 16;
const SMALLEST_RANGE = 1e-5;
const REFINEMENT = { steps: 300, learningRate: 1e-2 } as const;

/**
 * LoRAQuant (Mirzaei et al., arXiv 2510.26690) of a trained update: singular
 * components A ← √S·Vᵀ, B ← U·√S; the first h, which hold the share `ratio` of
 * Σσ², are rounded to nearest at `highBits` after a refinement that moves each
 * pair towards what its rounded product should be; the rest is sign · mean|w|.
 */
export function loraQuant({ rank: R, A, B }: LowRankUpdate, { ratio, highBits }: Settings): LoraQuantUpdate {
  const I = A.length / R;
  const components = singularComponents(A, B, R);
  const rows = Array.from({ length: R }, (_, r) => components.A.slice(r * I, (r + 1) * I));
  const columns = Array.from({ length: R }, (_, r) => components.B.filter((_, index) => index % R === r));
  const highRank = highRankOf(rows.map(squaredNorm), ratio);
  let [codeBits, scaleBits] = [0, 0];
  const round = (vector: Float32Array, high: boolean): Float32Array => {
    const groups = Math.ceil(vector.length / GROUP);
    codeBits += vector.length * (high ? highBits : 1);
    // A zero point has as many bits as a code.
    scaleBits += groups * (SCALE_BITS + (high ? highBits : 0));
    return high ? roundToNearest(vector, highBits) : signs(vector);
  };
  for (let r = 0; r < R; r++) {
    const high = r < highRank;
    const [a, b] = high ? refined(rows[r]!, columns[r]!, highBits) : [rows[r]!, columns[r]!];
    components.A.set(round(a, high), r * I);
    for (const [o, value] of round(b, high).entries()) components.B[o * R + r] = value;
  }
  return { rank: R, A: components.A, B: components.B, codeBits, scaleBits, highRank };
}

/**
 * As the published code has it: the index, from 0, of the component whose
 * share completes `ratio`, and at least 1.
 *
 * @param singularValues σ, as squared norms of rows of √S·Vᵀ
 */
function highRankOf(singularValues: readonly number[], ratio: number): number {
  const squares = singularValues.map((value) => value ** 2);
  const total = squares.reduce((sum, square) => sum + square, 0);
  let sum = 0;
  const completing = squares.findIndex((square) => {
    sum += square;
    return sum >= ratio * total;
  });
  return Math.max(1, completing);
}

/** Round to nearest between the least and the largest value of each group. */
export function roundToNearest(vector: Float32Array, bits: number): Float32Array {
  const most = 2 ** bits - 1;
  return byGroup(vector, (group) => {
    const [low, high] = [Math.min(...group), Math.max(...group)];
    const scale = Math.max(high - low, SMALLEST_RANGE) / most;
    const zero = clamp(-Math.round(low / scale), most);
    return group.map((value) => (clamp(Math.round(value / scale) + zero, most) - zero) * scale);
  });
}

export function signs(vector: Float32Array): Float32Array {
  return byGroup(vector, (group) => {
    const mean = group.reduce((sum, value) => sum + Math.abs(value), 0) / group.length;
    return group.map((value) => Math.sign(value) * mean);
  });
}

function byGroup(vector: Float32Array, change: (group: Float32Array) => Float32Array): Float32Array {
  const out = new Float32Array(vector.length);
  for (let start = 0; start < vector.length; start += GROUP) {
    out.set(change(vector.subarray(start, start + GROUP)), start);
  }
  return out;
}

/**
 * Gradient descent on the Frobenius norm ‖b·aᵀ − Q(b)·Q(a)ᵀ‖ of one component.
 * Rounding has no derivative, so that of the published code reaches a group
 * through its scale alone: its largest and smallest values move together.
 */
export function refined(a: Float32Array, b: Float32Array, bits: number): [Float32Array, Float32Array] {
  const { steps, learningRate } = REFINEMENT;
  const [ownA, ownB] = [a.slice(), b.slice()];
  for (let step = 0; step < steps; step++) {
    const [qa, qb] = [roundToNearest(ownA, bits), roundToNearest(ownB, bits)];
    const [qaqa, qbqb, aqa, bqb] = [squaredNorm(qa), squaredNorm(qb), dot(a, qa), dot(b, qb)];
    const norm = Math.sqrt(Math.max(0, squaredNorm(a) * squaredNorm(b) - 2 * aqa * bqb + qaqa * qbqb));
    if (norm === 0) break;
    moveRanges(ownA, bits, learningRate, qa, (i) => (qbqb * qa[i]! - bqb * a[i]!) / norm);
    moveRanges(ownB, bits, learningRate, qb, (o) => (qaqa * qb[o]! - aqa * b[o]!) / norm);
  }
  return [ownA, ownB];
}

/** One step down the gradient by the scale of each group, (largest − smallest) / (2^bits − 1). */
function moveRanges(
  vector: Float32Array,
  bits: number,
  learningRate: number,
  rounded: Float32Array,
  gradient: (index: number) => number,
): void {
  const most = 2 ** bits - 1;
  for (let start = 0; start < vector.length; start += GROUP) {
    const end = Math.min(start + GROUP, vector.length);
    let [low, high] = [start, start];
    for (let index = start; index < end; index++) {
      if (vector[index]! < vector[low]!) low = index;
      if (vector[index]! > vector[high]!) high = index;
    }
    const range = vector[high]! - vector[low]!;
    if (range <= SMALLEST_RANGE) continue;
    const scale = range / most;
    let ofScale = 0;
    for (let index = start; index < end; index++) ofScale += (gradient(index) * rounded[index]!) / scale;
    vector[high]! -= (learningRate * ofScale) / most;
    vector[low]! += (learningRate * ofScale) / most;
  }
}

function dot(x: Float32Array, y: Float32Array): number {
  return x.reduce((sum, value, index) => sum + value * y[index]!, 0);
}

function squaredNorm(x: Float32Array): number {
  return dot(x, x);
}

function clamp(code: number, most: number): number {
  return Math.min(most, Math.max(0, code));
}
