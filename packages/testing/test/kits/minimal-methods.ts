import type { Method } from "@blora/spec";
import { ops, roundStraightThrough } from "@blora/tensor";
import { method } from "./minimal.ts";

/** An update behind one gate, which is always open and learns its height. */
export const gatedMethod: Method = {
  ...method,
  init: (site, seed) => {
    const { layout, parameters } = method.init(site, seed);
    return { layout, parameters: { ...parameters, phi: { shape: [1], values: Float32Array.of(1), group: "gates" } } };
  },
  prepare: (adapters) =>
    adapters.map(({ parameters, ...adapter }) => ({
      ...adapter,
      parameters: { ...parameters, B: ops.mul(parameters.B!, parameters.phi!) },
    })),
  export: (_site, { parameters: { A, B, phi } }) => ({
    rank: 1,
    A: A!.values,
    B: B!.values.map((value) => value * phi!.values[0]!),
  }),
  training: { optimizer: { gates: { learningRate: 0.1 } } },
};

const STEP = 1 / 256;

/** An update whose row of A is rounded to steps of 1/256, which 12 bits hold up to 8. */
export const codedMethod: Method = {
  ...method,
  apply: ({ parameters: { A, B } }, x, base) =>
    base.applyLowRank(x, ops.mul(roundStraightThrough(ops.div(A!, STEP)), STEP), B!),
  summary: () => ({ rank: 1, bits: { A: [12], B: 32 } }),
  export: (_site, { parameters: { A, B } }) => ({
    rank: 1,
    A: A!.values.map((value) => Math.round(value / STEP) * STEP),
    B: B!.values,
  }),
  artifacts: {
    encode: ({ layout, parameters: { A, B } }) => ({
      layout,
      codes: {
        A: {
          codes: Int32Array.from(A!.values, (value) => Math.round(value / STEP)),
          bits: [12],
          signed: true,
          offset: 0,
          scales: Float32Array.of(STEP),
          vector: "row",
        },
      },
      parameters: { B: B! },
    }),
  },
};
