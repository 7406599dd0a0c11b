import type { Adapter, Context, Method, TracedAdapter } from "@blora/spec";
import { ops } from "@blora/tensor";
import { testArchitecture, testMethod, testTask } from "../../src/index.ts";
import { costFaults } from "./cost-faults.ts";
import type { Fault } from "./fault.ts";
import { gateFaults } from "./gate-faults.ts";
import { architecture, architectureFixture, component, languageModelTask, method, task } from "./minimal.ts";
import { codedMethod, gatedMethod } from "./minimal-methods.ts";
import { quantizerFaults } from "./quantizer-faults.ts";

const methods =
  (change: object, of: Method = method) =>
  () =>
    testMethod(component("method", { ...of, ...change }));
const WHOLE_RUN = "a whole run stays finite, trains every group, and is described and exported as it is evaluated";
const ENCODED = "an adapter that was encoded and decoded evaluates, costs and exports the same to the last bit";
/** Encodes as `codedMethod` does, with something else in the row of A. */
const encoding = (change: object) => ({
  artifacts: {
    encode: (adapter: Adapter) => {
      const encoded = codedMethod.artifacts!.encode!(adapter)!;
      return { ...encoded, codes: { A: { ...encoded.codes.A!, ...change } } };
    },
  },
});
const architectures = (change: object) => () =>
  testArchitecture(component("architecture", { ...architecture, ...change }), {
    ...architectureFixture,
    heads: [{ kind: "regression" }],
  });
const tasks = (change: object) => () => testTask(component("task", { ...task, ...change }));
const languageModelTasks = (change: object) => () => testTask(component("task", { ...languageModelTask, ...change }));

export const faults: readonly Fault[] = [
  ...gateFaults,
  ...quantizerFaults,
  {
    mistake: "a method that is not the base model at step 0",
    caughtBy: ["step 0 computes exactly the base model, in training too", WHOLE_RUN],
    register: methods({
      apply: (adapter: never, x: never, base: never, context: never) =>
        ops.add(method.apply(adapter, x, base, context), 1e-3),
    }),
  },
  {
    mistake: "a method that prepares adapters in another order",
    caughtBy: ["adapters prepared together compute what each prepared alone computes"],
    register: methods({ prepare: (adapters: readonly object[]) => [...adapters].reverse() }),
  },
  {
    mistake: "a method whose adapters grow with their number in training",
    caughtBy: ["adapters prepared together compute what each prepared alone computes"],
    register: methods({
      prepare: (adapters: readonly TracedAdapter[], { mode }: Context) =>
        adapters.map(({ parameters, ...adapter }) => {
          const factor = mode === "train" ? adapters.length : 1;
          return { ...adapter, parameters: { ...parameters, B: ops.mul(parameters.B!, factor) } };
        }),
    }),
  },
  {
    mistake: "a method with gates and no optimizer for them",
    caughtBy: ["names an optimizer for every group of parameters of its own"],
    register: methods({ training: {} }, gatedMethod),
  },
  {
    mistake: "a method that describes more components than there are",
    caughtBy: [WHOLE_RUN],
    register: methods({ summary: () => ({ rank: 1, bits: { A: [32, 32], B: 32 } }) }),
  },
  {
    mistake: "a method whose codes have twice the scale",
    caughtBy: [ENCODED],
    register: methods(encoding({ scales: Float32Array.of(1 / 128) }), codedMethod),
  },
  {
    mistake: "a method with codes of more bits than it says",
    caughtBy: [ENCODED],
    register: methods(encoding({ bits: [6] }), codedMethod),
  },
  {
    mistake: "a method that encodes nothing",
    caughtBy: [ENCODED],
    register: methods({ artifacts: { encode: () => undefined } }, codedMethod),
  },
  {
    mistake: "a method that exports twice its update",
    caughtBy: [WHOLE_RUN],
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
  ...costFaults,
];
