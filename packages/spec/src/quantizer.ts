import type { Tensor, TensorRecord } from "@blora/tensor";
import type { Context } from "./context.ts";
import type { ParameterRecord } from "./parameter.ts";

/** The bit width that means "left in floating point". */
export const FLOAT_BITS = 32;

/** The tensor a quantizer is made for. */
export interface QuantizedTensor {
  /** Its values when quantization starts: the range is set from them. */
  readonly values: Float32Array;
  /** Whether negative values occur: signed ranges are [-α, α], others [0, α]. */
  readonly signed: boolean;
}

/** Rounded values as whole numbers: value = code · scale, one product in float32. */
export interface EncodedValues {
  /** Whole numbers of `bits` bits: two's complement where signed. */
  readonly codes: Int32Array;
  readonly bits: number;
  readonly signed: boolean;
  /** A float32 number. */
  readonly scale: number;
}

/** A large tensor rounded as a whole, and some of its rows to train the quantizer by. */
export interface SampledRounding {
  /** Differentiable by x alone. */
  readonly whole: Tensor;
  /** Rows of x, differentiable by the quantizer's parameters alone. */
  readonly sample: Tensor;
}

/**
 * Rounds a tensor to few bits, with gradients that train through the rounding.
 * A quantizer owns its parameters (range, gates) but not their values: these
 * are passed to every call, so one quantizer serves every site.
 */
export interface Quantizer {
  /** Widths it can end at, ascending. */
  readonly bitWidths: readonly number[];
  /** Starting parameters. All-zero tensors must give a usable range. */
  init(tensor: QuantizedTensor): ParameterRecord;
  /** Quantized `x`, same shape; samples its gates in training. Noise paths start with `path`. */
  quantize(parameters: TensorRecord, x: Tensor, signed: boolean, context: Context, path: string): Tensor;
  /**
   * `quantize` for tensors too large to train through as a whole. `whole` is
   * rounded at the width evaluation would use, `bits` of these parameters;
   * `sample` is `rows` (int32 [n]) of `quantize` itself. Training only.
   */
  quantizeSampled?(
    parameters: TensorRecord,
    x: Tensor,
    rows: Tensor,
    signed: boolean,
    context: Context,
    path: string,
  ): SampledRounding;
  /**
   * Draws the gates of many tensors at once, where that takes fewer graph nodes
   * than one by one. Returns the parameters of each with what was drawn added:
   * `quantize` and `quantizeSampled` use it, and draw for themselves without it.
   */
  drawAll?(parameters: readonly TensorRecord[], context: Context, path: string): readonly TensorRecord[];
  /** Quantized `x` at a width that no longer changes. `FLOAT_BITS` returns `x`. */
  quantizeFixed(parameters: TensorRecord, x: Tensor, signed: boolean, bits: number): Tensor;
  /**
   * Widens the range in place where values have outgrown it. Called after every
   * update of a trained matrix: a clipped value hears no more of the task.
   */
  widen?(parameters: ParameterRecord, tensor: QuantizedTensor): void;
  /** Expected bit width, a differentiable scalar. */
  expectedBits(parameters: TensorRecord): Tensor;
  /** `expectedBits` of many tensors, where all at once take fewer graph nodes than one by one. */
  expectedBitsOfAll?(parameters: readonly TensorRecord[]): readonly Tensor[];
  /** P(open) of each gate by the width it opens, from the parameters on the host; for logs and reports. */
  gateProbabilities?(parameters: ParameterRecord): Readonly<Record<string, number>>;
  /** Bit width that evaluation uses, from the parameters on the host. */
  bits(parameters: ParameterRecord): number;
  /**
   * `quantizeFixed` on the host as codes that give its values bit for bit (a
   * zero loses its sign): what makes a packed adapter small. Undefined where
   * this width has no such codes; absent, values are stored as float32.
   */
  encode?(parameters: ParameterRecord, values: Float32Array, signed: boolean, bits: number): EncodedValues | undefined;
}
