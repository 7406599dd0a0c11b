import type { Gate } from "@blora/spec";
import { ops, type Tensor, withGradient } from "@blora/tensor";
import { testGate } from "../../src/index.ts";
import type { Fault } from "./fault.ts";
import { component } from "./minimal.ts";
import { gate } from "./minimal-rounding.ts";

const gates = (change: Partial<Gate>) => () => testGate(component("gate", { ...gate, ...change }));

/** The values of one function with the gradient of another. */
const withGradientOf = (value: (x: Tensor) => Tensor, factor: number) =>
  withGradient((x: Tensor) => ({ value: value(x), gradient: (dy) => [ops.mul(dy, factor)] }));

export const gateFaults: readonly Fault[] = [
  {
    mistake: "a gate with samples below 0",
    caughtBy: [
      "samples lie in [0, 1] for every logit and every noise value",
      "far beyond its decision a gate is open or closed whatever is drawn",
    ],
    register: gates({
      sample: (logits, u) => {
        const odds = ops.log(ops.div(u, ops.sub(1, u)));
        return ops.sub(ops.mul(ops.sigmoid(ops.add(logits, odds)), 2), 1);
      },
    }),
  },
  {
    mistake: "a gate that closes again far up",
    caughtBy: ["samples, probabilities and decisions do not fall as the logit rises"],
    register: gates({ decide: (logits) => ops.mul(ops.step(logits), ops.step(ops.sub(3, logits))) }),
  },
  {
    mistake: "a gate that is never surely open",
    caughtBy: ["far beyond its decision a gate is open or closed whatever is drawn"],
    register: gates({
      sample: (logits, uniform) => ops.mul(gate.sample(logits, uniform), ops.sub(1, ops.mul(uniform, 0.1))),
    }),
  },
  {
    mistake: "a gate that draws a row of its own shape",
    caughtBy: ["the gates of a matrix are those of its entries"],
    register: gates({ sample: (logits, uniform) => ops.reshape(gate.sample(logits, uniform), [-1]) }),
  },
  {
    mistake: "a gate whose probability is that of another threshold",
    caughtBy: ["the probability of being on is that of the samples, within four standard errors"],
    register: gates({ probabilityOn: (logits) => ops.sigmoid(ops.add(logits, 0.1)) }),
  },
  {
    mistake: "a gate that is never all the way open",
    caughtBy: ["decisions are exactly 0 or 1, and both occur", "a gate starts on"],
    register: gates({ decide: (logits) => ops.mul(ops.step(logits), 0.999) }),
  },
  {
    mistake: "a gate that is trained through its decision",
    caughtBy: ["decisions carry no gradient"],
    register: gates({ decide: withGradientOf(ops.step, 1) }),
  },
  {
    mistake: "a gate that starts closed",
    caughtBy: ["a gate starts on"],
    register: gates({ initialLogit: -2 }),
  },
  {
    mistake: "a gate whose samples have twice their gradient",
    caughtBy: ["the gradient of a sample agrees with finite differences"],
    register: gates({ sample: (logits, u) => withGradientOf((z) => ops.mul(z, 1), 2)(gate.sample(logits, u)) }),
  },
  {
    mistake: "a gate whose probability has no gradient",
    caughtBy: ["the gradient of the probability agrees with finite differences"],
    register: gates({ probabilityOn: withGradientOf(ops.sigmoid, 0) }),
  },
];
