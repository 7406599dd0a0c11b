import type { Shape, Tensor, TensorRecord } from "@blora/tensor";
import type { ParameterRecord } from "./parameter.ts";

/** The bit width that means "left in floating point". */
export const FLOAT_BITS = 32;

/**
 * N vectors of K values each. A vector is what has a width and a scale of its
 * own: a row of A, a column of B, a whole matrix or activation as one, or a token
 * of an activation where the quantizer has no parameters.
 */
export interface QuantizedTensor {
  /** [N, K], row-major. Ranges are set from them. */
  readonly values: Float32Array;
  /** N */
  readonly vectors: number;
  /** Whether negative values occur: signed ranges are [-α, α], others [0, α]. */
  readonly signed: boolean;
}

/**
 * The widths of N vectors: whole numbers that are settled, one for each vector,
 * or the share [N, L] of every width of the quantizer, each row summing to 1.
 */
export type VectorWidths = readonly number[] | WidthShares;

export interface WidthShares {
  /** [N, L] */
  readonly shares: Tensor;
  /** Whether one share of each vector is 1 and the others are 0, as `decided` gives them: no gradient by shares is wanted. */
  readonly oneHot?: boolean;
}

/** N vectors rounded to few bits, as whole numbers: value = (code + offset) · scale, one product in float32. */
export interface EncodedValues {
  /** [N, K]: whole numbers of the bits of their vector, two's complement where signed. */
  readonly codes: Int32Array;
  /** Width of each vector, [N]. */
  readonly bits: readonly number[];
  readonly signed: boolean;
  /** 1/2 for levels around zero that leave it out (mid-rise), 0 for levels that hold it. */
  readonly offset: 0 | 0.5;
  /** [N], float32 */
  readonly scales: Float32Array;
}

/** How the shares of widths follow from gates: samples of a training step, their probabilities, or the one of evaluation. */
export type WidthMode = "drawn" | "likely" | "decided";

/** What a quantizer that learns its widths adds. Raising any gate never narrows a vector. */
export interface WidthGates {
  /** G, trained numbers for each unit. A unit is one vector, or several that share a width. */
  readonly count: number;
  /**
   * Starting gates [N, G] of N units.
   *
   * @param worth [N, L-1]: how much going from each width to the next is worth,
   *   as a logarithm, never rising along a unit; undefined where nothing is known
   */
  init(units: number, worth?: readonly (readonly number[])[]): Float32Array;
  /**
   * The share [N, L] of every width from gates [N, G], each row summing to 1.
   * `decided` has one 1 in a row and carries no gradient.
   *
   * @param uniform noise in (0, 1) of a shape; asked for once, and where `drawn` alone
   */
  shares(gates: Tensor, mode: WidthMode, uniform: (shape: Shape) => Tensor): Tensor;
}

/**
 * Rounds vectors to few bits, with gradients that train through the rounding.
 * A quantizer owns its parameters (such as ranges) but not their values: these
 * are passed to every call, so one quantizer serves every site. The first axis
 * of each parameter is N, and vectors are rounded apart from each other: those of
 * several tensors may be rounded in one call, their parameters joined along it.
 */
export interface Quantizer {
  /** L widths it can end at, ascending. A width of 0 gives zeros. */
  readonly bitWidths: readonly number[];
  /** Present where widths are learned; else they are chosen by whoever uses the quantizer. */
  readonly gates?: WidthGates;
  /** Starting parameters; none where scales are computed from the values. Vectors of zeros must give usable ones. */
  init(tensor: QuantizedTensor): ParameterRecord;
  /** x [N, K] at the given widths, same shape. `FLOAT_BITS` leaves a vector as it is. */
  round(parameters: TensorRecord, x: Tensor, signed: boolean, widths: VectorWidths): Tensor;
  /**
   * `round` at settled widths on the host, as codes that give its values bit for
   * bit (a zero loses its sign): what makes a packed adapter small. Undefined
   * where these widths have no such codes; absent, values are stored as float32.
   */
  encode?(parameters: ParameterRecord, tensor: QuantizedTensor, bits: readonly number[]): EncodedValues | undefined;
}
