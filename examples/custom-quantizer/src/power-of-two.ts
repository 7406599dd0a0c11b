import { definePlugin, FLOAT_BITS, type Plugin, type Quantizer } from "@blora/spec";
import { ops, roundStraightThrough, type Tensor, withGradient } from "@blora/tensor";

/** Rounds to 0 and ±α·2^-k, so that a product with a weight is a shift. One bit is the sign. */
export const powerOfTwo: Plugin<"quantizer", "power-of-two", { bits: number }, Quantizer> = definePlugin({
  kind: "quantizer",
  id: "power-of-two",
  create: ({ bits }: { bits: number }): Quantizer => {
    const fixed: Quantizer["quantizeFixed"] = ({ logRange }, x, signed, width) =>
      width === FLOAT_BITS ? x : roundToPowers(signed ? x : ops.relu(x), logRange!, 2 ** (width - 1) - 1);
    return {
      bitWidths: [bits],
      init: ({ values }) => {
        const range = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-8);
        return { logRange: { shape: [], values: Float32Array.of(Math.log(range)), group: "ranges" } };
      },
      quantize: (parameters, x, signed) => fixed(parameters, x, signed, bits),
      quantizeFixed: fixed,
      expectedBits: () => ops.scalar(bits),
      bits: () => bits,
    };
  },
});

function roundToPowers(x: Tensor, logRange: Tensor, levels: number): Tensor {
  return withGradient((input: Tensor, log: Tensor) => {
    const size = ops.div(ops.abs(input), ops.exp(log)); // |x|/α
    const exponent = roundStraightThrough(ops.div(ops.log(ops.add(size, 1e-30)), Math.LN2));
    const power = ops.exp(ops.add(ops.mul(ops.clipByValue(exponent, 1 - levels, 0), Math.LN2), log));
    const nearest = ops.where(ops.greater(size, 2 ** (0.5 - levels)), power, ops.zerosLike(power));
    const value = ops.where(ops.greater(input, 0), nearest, ops.neg(nearest));
    const inside = ops.cast(ops.less(size, 1), "float32");
    const gradient = (dy: Tensor, [kept, mask, rounded]: readonly Tensor[]): Tensor[] => [
      ops.mul(dy, mask!),
      ops.sum(ops.mul(dy, ops.sub(rounded!, ops.mul(kept!, mask!)))), // by ln α
    ];
    return { value, saved: [input, inside, value], gradient };
  })(x, logRange);
}
