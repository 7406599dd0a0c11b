import type { QuantizedTensor } from "@blora/spec";
import { ops } from "@blora/tensor";
import {
  bitCost,
  testArchitecture,
  testCostModel,
  testGate,
  testMethod,
  testQuantizer,
  testTask,
} from "../../src/index.ts";
import {
  architecture,
  architectureFixture,
  component,
  gate,
  languageModelTask,
  method,
  quantizer,
  task,
} from "./minimal.ts";

/** One mistake in an otherwise lawful component. */
export interface Fault {
  readonly mistake: string;
  /** Laws that must fail, in the order of the kit. */
  readonly caughtBy: readonly string[];
  readonly register: () => void;
}

const gates = (change: object) => () => testGate(component("gate", { ...gate, ...change }));
const quantizers = (change: object) => () =>
  testQuantizer(component("quantizer", { ...quantizer, ...change }), {
    maximumError: () => 1 / 8,
    straightThrough: false,
  });
const methods = (change: object) => () => testMethod(component("method", { ...method, ...change }));
const architectures = (change: object) => () =>
  testArchitecture(component("architecture", { ...architecture, ...change }), {
    ...architectureFixture,
    heads: [{ kind: "regression" }],
  });
const tasks = (change: object) => () => testTask(component("task", { ...task, ...change }));
const languageModelTasks = (change: object) => () => testTask(component("task", { ...languageModelTask, ...change }));

export const faults: readonly Fault[] = [
  {
    mistake: "a gate whose probability is that of another threshold",
    caughtBy: ["the probability of being on is that of the samples, within four standard errors"],
    register: gates({ probabilityOn: (logits: never) => ops.sigmoid(ops.add(logits, 0.1)) }),
  },
  {
    mistake: "a gate that draws a row of its own shape",
    caughtBy: ["the gates of a matrix are those of its entries"],
    register: gates({
      sample: (logits: never, uniform: never) => ops.reshape(gate.sample(logits, uniform), [-1]),
    }),
  },
  {
    mistake: "a gate that decides otherwise on the host",
    caughtBy: ["evaluation gates are exactly 0 or 1 and the host decides as the graph does"],
    register: gates({ isOn: (logit: number) => logit > 0.1 }),
  },
  {
    mistake: "a quantizer with steps of twice the width",
    caughtBy: ["the rounding error inside the range stays below its bound"],
    register: quantizers({
      init: (tensor: QuantizedTensor) => {
        const { step } = quantizer.init(tensor);
        return { step: { ...step!, values: step!.values.map((value) => 2 * value) } };
      },
    }),
  },
  {
    mistake: "a quantizer that draws the gates of the first tensor for all",
    caughtBy: [
      "gates of several tensors drawn together round as those of each",
      "gates of several tensors drawn together have the gradients of those of each",
    ],
    register: quantizers({ drawAll: (all: readonly object[]) => all.map(() => all[0]) }),
  },
  {
    mistake: "a quantizer that moves zero",
    caughtBy: ["maps zero to zero", "evaluation is the fixed width that `bits` reports"],
    register: quantizers({
      quantize: (parameters: never, x: never, signed: boolean) =>
        ops.add(quantizer.quantizeFixed(parameters, x, signed, 4), 0.01),
    }),
  },
  {
    mistake: "a method that is not the base model at step 0",
    caughtBy: [
      "step 0 computes exactly the base model, in training too",
      "a whole run stays finite, trains every group, and is described and exported as it is evaluated",
    ],
    register: methods({
      apply: (adapter: never, x: never, base: never, context: never) =>
        ops.add(method.apply(adapter, x, base, context), 1e-3),
    }),
  },
  {
    mistake: "a method that prepares adapters in another order",
    caughtBy: ["a whole run stays finite, trains every group, and is described and exported as it is evaluated"],
    register: methods({ prepare: (adapters: readonly object[]) => [...adapters].reverse() }),
  },
  {
    mistake: "a method that exports twice its update",
    caughtBy: ["a whole run stays finite, trains every group, and is described and exported as it is evaluated"],
    register: methods({
      export: (...args: Parameters<typeof method.export>) => {
        const update = method.export(...args)!;
        return { ...update, B: update.B.map((value) => 2 * value) };
      },
    }),
  },
  {
    mistake: "an architecture that reads padding",
    caughtBy: ["padding a text further does not change its logits", "a text alone has the logits it has in a batch"],
    register: architectures({
      forward: (inputs: Parameters<typeof architecture.forward>[0]) =>
        architecture.forward({
          ...inputs,
          batch: { ...inputs.batch, attentionMask: ops.onesLike(inputs.batch.attentionMask) },
        }),
    }),
  },
  {
    mistake: "an architecture with a site it never calls",
    caughtBy: ["every site goes through `linear`, with its own widths, and matters to the logits"],
    register: architectures({
      forward: (inputs: Parameters<typeof architecture.forward>[0]) =>
        architecture.forward({
          ...inputs,
          linear: (path, x) =>
            path === "outer" ? ops.matMul(x, inputs.lookup("outer.weight"), false, true) : inputs.linear(path, x),
        }),
    }),
  },
  {
    mistake: "a task with a baseline of its own",
    caughtBy: ["the majority baseline is the score of one constant answer"],
    register: tasks({ majority: () => ({ accuracy: 0.5 }) }),
  },
  {
    mistake: "a language-model task that learns its first token",
    caughtBy: ["targets are tokens with something before them, in order, within the longest length"],
    register: languageModelTasks({
      encode(...given: Parameters<typeof languageModelTask.encode>) {
        const encoded = languageModelTask.encode(...given);
        return { ...encoded, targets: [...encoded.inputIds.keys()] };
      },
    }),
  },
  {
    mistake: "a language-model task that keeps the targets it cut off",
    caughtBy: [
      "targets are tokens with something before them, in order, within the longest length",
      "what is cut is the end: a shorter row begins as the whole one does",
    ],
    register: languageModelTasks({
      encode(...[example, tokenizer, length]: Parameters<typeof languageModelTask.encode>) {
        const { targets = [] } = languageModelTask.encode(example, tokenizer, Infinity);
        return { ...languageModelTask.encode(example, tokenizer, length), targets };
      },
    }),
  },
  {
    mistake: "a language-model task that prefers what is unlikely",
    caughtBy: ["likelier targets never score worse"],
    register: languageModelTasks({
      score: (rows: Parameters<typeof languageModelTask.score>[0]) => ({
        logLikelihood: -languageModelTask.score(rows).logLikelihood!,
      }),
    }),
  },
  {
    mistake: "a cost model that forgets the tokens",
    caughtBy: [
      "totals are the sums of the rows, one for each matrix product",
      "no tokens, or nothing kept, cost nothing",
      "the cost is proportional to tokens and never falls with rank or width",
      "the expected cost of what is certain is the measured cost of one token",
    ],
    register: () =>
      testCostModel(component("costModel", { ...bitCost, measured: (usages: never) => bitCost.measured(usages, 10) })),
  },
];
