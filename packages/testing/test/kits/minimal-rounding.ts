import { FLOAT_BITS, type Gate, type Quantizer, type WidthGates } from "@blora/spec";
import { ops, roundStraightThrough, type Tensor } from "@blora/tensor";

export const gate: Gate = {
  initialLogit: 2,
  sample: (logits, u) => ops.clipByValue(ops.sub(ops.mul(ops.sigmoid(ops.add(logits, logit(u))), 2), 1), 0, 1),
  probabilityOn: (logits) => ops.sigmoid(logits),
  decide: (logits) => ops.step(logits),
};
const logit = (u: Parameters<Gate["sample"]>[1]) => ops.log(ops.div(u, ops.sub(1, u)));

const WIDTHS = [0, 2, 4];

/** One gate a unit; a width is open where the gate exceeds its cut point. */
export const widthGates: WidthGates = {
  count: 1,
  init: (units, worth) =>
    Float32Array.from(worth?.map(([first]) => first!) ?? new Array<number>(units).fill(gate.initialLogit)),
  shares: (gates, mode, uniform) => {
    const logits = ops.sub(gates, ops.tensor([[0, 1]])); // [N, L-1]
    const noise = () => ops.tile(uniform(gates.shape), [1, 2]);
    const open = {
      drawn: () => gate.sample(logits, noise()),
      likely: () => gate.probabilityOn(logits),
      decided: () => gate.decide(logits),
    }[mode]();
    const [N] = gates.shape;
    return ops.sub(ops.concat([ops.ones([N!, 1]), open], 1), ops.concat([open, ops.zeros([N!, 1])], 1));
  },
};

/** Rounds vectors [N, K] to `bits` bits of ranges [N, 1]. */
type RoundAt = (range: Tensor, x: Tensor, signed: boolean, bits: number) => Tensor;

export const roundToLevels: RoundAt = (range, x, signed, bits) => {
  if (bits === FLOAT_BITS) return x;
  if (bits === 0) return ops.zerosLike(x);
  const top = topCode(bits, signed);
  const step = ops.div(range, top);
  return ops.mul(ops.clipByValue(roundStraightThrough(ops.div(x, step)), signed ? -top : 0, top), step);
};

const topCode = (bits: number, signed: boolean) => (signed ? 2 ** (bits - 1) : 2 ** bits) - 1;

/** Evenly spaced levels over a learned range, the largest magnitude at first. */
export function quantizerOf({
  widths = WIDTHS,
  roundAt = roundToLevels,
}: {
  readonly widths?: readonly number[];
  readonly roundAt?: RoundAt;
}): Quantizer {
  return {
    bitWidths: widths,
    gates: widthGates,
    init: ({ values, vectors }) => {
      const K = values.length / vectors;
      const largest = (own: Float32Array) => own.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-8);
      const ranges = Array.from({ length: vectors }, (_, row) => largest(values.subarray(row * K, (row + 1) * K)));
      return { range: { shape: [vectors], values: Float32Array.from(ranges), group: "ranges" } };
    },
    round: ({ range }, x, signed, by) => {
      const column = ops.reshape(range!, [-1, 1]);
      if ("shares" in by) {
        const share = (level: number) => ops.slice(by.shares, [0, level], [-1, 1]);
        return ops.addN(widths.map((bits, level) => ops.mul(share(level), roundAt(column, x, signed, bits))));
      }
      const rounded = by.map((bits, vector) =>
        roundAt(ops.slice(column, [vector, 0], [1, 1]), ops.slice(x, [vector, 0], [1, -1]), signed, bits),
      );
      return rounded.length === 1 ? rounded[0]! : ops.concat(rounded, 0);
    },
  };
}

/** The same with codes. */
export const quantizer: Quantizer = {
  ...quantizerOf({}),
  encode: ({ range }, { values, vectors, signed }, bits) => {
    if (bits.includes(FLOAT_BITS)) return undefined;
    const K = values.length / vectors;
    const scales = Float32Array.from(bits, (width, vector) => range!.values[vector]! / topCode(width, signed));
    const codes = Int32Array.from(values, (value, index) => Math.round(value / scales[Math.floor(index / K)]!));
    return { codes, bits, signed, offset: 0, scales };
  },
};
