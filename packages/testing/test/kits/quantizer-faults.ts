import { FLOAT_BITS, type Quantizer, type VectorWidths, type WidthGates } from "@blora/spec";
import { detached, ops, type Tensor, withGradient } from "@blora/tensor";
import { testQuantizer } from "../../src/index.ts";
import type { Fault } from "./fault.ts";
import { component } from "./minimal.ts";
import { gate, quantizer, quantizerOf, roundToLevels, widthGates } from "./minimal-rounding.ts";

const quantizers =
  (change: Partial<Quantizer>, of: Quantizer = quantizer) =>
  () =>
    testQuantizer(component("quantizer", { ...of, ...change }));
/** Without codes, so that these are not to blame. */
const uncoded = quantizerOf({});
const widths = (change: Partial<WidthGates>) => quantizers({ gates: { ...widthGates, ...change } });

type Round = Quantizer["round"];

const isSoft = (by: VectorWidths): by is Extract<VectorWidths, { shares: Tensor }> =>
  "shares" in by && by.oneHot !== true;

/** The value of a function, and a gradient of `factor` by its argument. */
const withFactor = (value: (x: Tensor) => Tensor, factor: number) =>
  withGradient((x: Tensor) => ({ value: value(x), gradient: (dy) => [ops.mul(dy, factor)] }));

/** The shares of the smallest gates, from changed logits where they are likely. */
const likelyFrom = (change: (logits: Tensor) => Tensor): Partial<WidthGates> => ({
  shares: (gates, mode, uniform) => widthGates.shares(mode === "likely" ? change(gates) : gates, mode, uniform),
});

export const quantizerFaults: readonly Fault[] = [
  {
    mistake: "a quantizer with half a bit",
    caughtBy: ["bit widths are whole numbers that ascend"],
    register: quantizers(quantizerOf({ widths: [0, 2, 3.5] }), uncoded),
  },
  {
    mistake: "a quantizer that gives one vector as a row",
    caughtBy: ["keeps the shape, whatever the number and length of the vectors"],
    register: quantizers({
      round: (...given) => {
        const rounded = quantizer.round(...given);
        return rounded.shape[0] === 1 ? ops.reshape(rounded, [-1]) : rounded;
      },
    }),
  },
  {
    mistake: "a quantizer with one parameter for all vectors",
    caughtBy: ["parameters are finite and have an entry for each vector along their first axis"],
    register: quantizers({
      init: (tensor) => ({
        ...quantizer.init(tensor),
        power: { shape: [], values: Float32Array.of(1), group: "frozen" },
      }),
    }),
  },
  {
    mistake: "a quantizer that divides by a range of zero",
    caughtBy: ["vectors of zeros stay zero and have finite gradients"],
    register: quantizers({
      init: (tensor) => {
        const { range } = quantizer.init(tensor);
        return { range: { ...range!, values: range!.values.map((value) => (value > 1e-8 ? value : 0)) } };
      },
    }),
  },
  {
    mistake: "a quantizer whose ranges grow with the number of vectors",
    caughtBy: ["vectors are rounded apart from each other", "each vector may have a width of its own"],
    register: quantizers(
      {
        round: ({ range }, x, ...rest) => uncoded.round({ range: ops.mul(range!, 1 + 1e-6 * x.shape[0]!) }, x, ...rest),
      },
      uncoded,
    ),
  },
  {
    mistake: "a quantizer that takes the first width for all",
    caughtBy: ["each vector may have a width of its own"],
    register: quantizers(
      {
        round: (parameters, x, signed, by) =>
          uncoded.round(parameters, x, signed, "shares" in by ? by : by.map(() => by[0]!)),
      },
      uncoded,
    ),
  },
  {
    mistake: "a quantizer that lets some of the value through",
    caughtBy: ["never swaps two values of a vector and leaves at most 2^b of them"],
    register: quantizers(
      quantizerOf({
        roundAt: (range, x, signed, bits) => {
          const rounded = roundToLevels(range, x, signed, bits);
          return bits === 0 || bits === FLOAT_BITS ? rounded : ops.add(rounded, ops.mul(x, 1e-3));
        },
      }),
      uncoded,
    ),
  },
  {
    mistake: "a quantizer that never uses its widest width",
    caughtBy: ["a wider width rounds nearer, and the narrowest nearer than zeros are"],
    register: quantizers(
      quantizerOf({ roundAt: (range, x, signed, bits) => roundToLevels(range, x, signed, bits === 4 ? 2 : bits) }),
      uncoded,
    ),
  },
  {
    mistake: "a quantizer that scales what it leaves in floating point",
    caughtBy: ["32 bits leave every value and gradient as it is"],
    register: quantizers(
      quantizerOf({
        roundAt: (range, x, signed, bits) =>
          bits === FLOAT_BITS ? ops.mul(x, 1.001) : roundToLevels(range, x, signed, bits),
      }),
      uncoded,
    ),
  },
  {
    mistake: "a quantizer that trains closed vectors",
    caughtBy: ["0 bits give zeros, and no gradient"],
    register: quantizers(
      quantizerOf({
        roundAt: (range, x, signed, bits) =>
          bits === 0 ? withFactor(ops.zerosLike, 1)(x) : roundToLevels(range, x, signed, bits),
      }),
      uncoded,
    ),
  },
  {
    mistake: "a quantizer that rounds apart where one share is 1",
    caughtBy: ["a share of 1 rounds as its width does"],
    register: quantizers({
      round: (parameters, x, signed, by) => {
        const rounded = quantizer.round(parameters, x, signed, by);
        return "shares" in by && by.oneHot === true ? ops.mul(rounded, 1.001) : rounded;
      },
    }),
  },
  {
    mistake: "a quantizer whose mixtures are too small",
    caughtBy: ["shares give the weighted sum of their widths"],
    register: quantizers({
      round: mixing((rounded, sharpness) => withFactor((x) => ops.mul(x, sharpness), 1)(rounded)),
    }),
  },
  {
    mistake: "a quantizer with twice the gradient by shares",
    caughtBy: ["the gradient by a share is what its width contributes"],
    register: quantizers({
      round: (parameters, x, signed, by) =>
        quantizer.round(
          parameters,
          x,
          signed,
          isSoft(by) ? { shares: withFactor((shares) => ops.mul(shares, 1), 2)(by.shares) } : by,
        ),
    }),
  },
  {
    mistake: "a quantizer that does not train its range",
    caughtBy: ["values and trained parameters have gradients that are finite and not all zero"],
    register: quantizers({
      round: ({ range }, ...rest) => quantizer.round({ range: detached(range!) }, ...rest),
    }),
  },
  {
    mistake: "a quantizer with codes of half the scale",
    caughtBy: ["codes give the rounded values bit for bit and fit their widths"],
    register: quantizers({
      encode: (...given) => {
        const encoded = quantizer.encode!(...given);
        return encoded && { ...encoded, scales: encoded.scales.map((scale) => scale / 2) };
      },
    }),
  },
  {
    mistake: "a quantizer that encodes floating point",
    caughtBy: ["a vector in floating point has no codes"],
    register: quantizers({
      encode: (parameters, tensor, bits) =>
        quantizer.encode!(
          parameters,
          tensor,
          bits.map((width) => Math.min(width, 8)),
        ),
    }),
  },
  {
    mistake: "gates whose shares sum to more than 1",
    caughtBy: ["shares lie in [0, 1] and sum to 1"],
    register: widths({
      shares: (gates, mode, uniform) => {
        const shares = widthGates.shares(gates, mode, uniform);
        return mode === "decided" ? shares : ops.add(shares, ops.tensor([[0.01, 0, 0]]));
      },
    }),
  },
  {
    mistake: "gates that decide for two widths",
    caughtBy: ["a decision is one width, and needs no noise"],
    register: widths({
      shares: (gates, mode, uniform) =>
        mode === "decided"
          ? widthGates.shares(detached(gates), "drawn", (shape) => ops.fill([...shape], 0.5))
          : widthGates.shares(gates, mode, uniform),
    }),
  },
  {
    mistake: "gates that are trained through their decision",
    caughtBy: ["a decision carries no gradient"],
    register: widths({
      shares: (gates, mode, uniform) => {
        const shares = widthGates.shares(gates, mode, uniform);
        if (mode !== "decided") return shares;
        const likely = widthGates.shares(gates, "likely", uniform);
        return withFactor(() => ops.mul(shares, 1), 1)(likely);
      },
    }),
  },
  {
    mistake: "gates that narrow a unit as they rise",
    caughtBy: ["raising any gate never narrows a unit"],
    register: widths(likelyFrom((logits) => ops.add(logits, ops.mul(ops.sin(ops.mul(logits, 2)), 2)))),
  },
  {
    mistake: "gates that never quite open",
    caughtBy: ["gates far above any decision give the widest width, far below the narrowest"],
    register: widths(likelyFrom((logits) => ops.mul(logits, 0.02))),
  },
  {
    mistake: "gates that look at other units",
    caughtBy: ["units choose apart from each other"],
    register: widths(likelyFrom((logits) => ops.add(ops.mul(logits, 0.9), ops.mul(ops.mean(logits, 0, true), 0.1)))),
  },
  {
    mistake: "gates that ask for noise twice",
    caughtBy: ["noise is asked for once in a draw, and decides it"],
    register: widths({
      shares: (gates, mode, uniform) => {
        if (mode === "drawn") uniform(gates.shape);
        return widthGates.shares(gates, mode, uniform);
      },
    }),
  },
  {
    mistake: "gates that no expected cost reaches",
    caughtBy: ["likely shares need no noise, and every gate pulls at the width they expect"],
    register: widths(likelyFrom(detached)),
  },
  {
    mistake: "gates that start one unit ahead of the other",
    caughtBy: ["starting gates are finite, G for each unit, and alike where nothing is known"],
    register: widths({
      init: (units, worth) => widthGates.init(units, worth).map((logit, unit) => logit + (worth ? 0 : unit)),
    }),
  },
  {
    mistake: "gates that start alike whatever they are worth",
    caughtBy: ["a unit that is worth more never starts narrower, however all are shifted"],
    register: widths({ init: (units) => new Float32Array(units).fill(gate.initialLogit) }),
  },
];

/** Changes a mixture by how sharp its shares are, Σ shares²: 1 where one of them is all. */
function mixing(change: (rounded: Tensor, sharpness: Tensor) => Tensor): Round {
  return (parameters, x, signed, by) => {
    const rounded = quantizer.round(parameters, x, signed, by);
    return "shares" in by ? change(rounded, detached(ops.sum(ops.square(by.shares), 1, true))) : rounded;
  };
}
