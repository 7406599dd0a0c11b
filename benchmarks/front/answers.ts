import { requireLanguageModel } from "@blora/network";
import { type Engine, isLanguageModelTask } from "@blora/spec";
import { linearCrossEntropy, ops, softmax, softmaxCrossEntropy } from "@blora/tensor";
import type { Objective } from "../../packages/trainer/src/objective/objective.ts";
import type { Model } from "../../packages/trainer/src/steps/definitions.ts";
import type { StepRunner } from "../../packages/trainer/src/steps/step-runner.ts";

/**
 * What a network answers to an evaluation split, in one order: the logits of
 * every row, or of a language model the state before every target, which its
 * output layer turns into logits.
 */
export interface Answers {
  /** [N, width] */
  readonly values: Float32Array;
  readonly width: number;
}

/** The model with an objective whose evaluation outputs states, as `logits`. */
export function withStates(model: Model): Model {
  const compute: Objective["compute"] = (network, inputs, batch, { positions, targetIds }) => {
    const { hidden, unembedding } = requireLanguageModel(network.architecture);
    const { weight, bias } = unembedding(network.config);
    const logits = ops.gather(hidden({ ...inputs, batch }), positions!); // [N, H]
    const biasTensor = bias === undefined ? undefined : inputs.lookup(bias);
    return { losses: linearCrossEntropy(logits, inputs.lookup(weight), biasTensor, targetIds!), logits };
  };
  return { ...model, objective: { ...model.objective, compute } };
}

/** A runner of `withStates` that hands the states of every evaluation batch to `take`, and only the losses on. */
export function takingStates(
  runner: StepRunner,
  { lossesOf }: Objective,
  take: (states: Float32Array, width: number) => void,
): StepRunner {
  return {
    ...runner,
    async evaluate(rows, batch) {
      const result = await runner.evaluate(rows, batch);
      const { losses, logits } = result.outputs as Record<"losses" | "logits", Float32Array>;
      const width = logits.length / losses.length;
      const count = batch.rows.reduce((total, row) => total + lossesOf(rows[row]!), 0);
      take(logits.slice(0, count * width), width);
      return { ...result, outputs: { losses } };
    },
  };
}

/**
 * How far answers are from a reference's: the mean over answers of
 * KL(reference ‖ answer) in nats, or of half the squared difference of scores.
 */
export async function divergenceOf(
  answers: Answers,
  reference: Answers,
  model: Model,
  engine: Engine,
): Promise<number> {
  if (answers.values.length !== reference.values.length) {
    throw new Error(`expected ${reference.values.length} values to compare, found ${answers.values.length}`);
  }
  if (isLanguageModelTask(model.task)) return stateDivergence(answers, reference, model, engine);
  return model.task.head.kind === "regression"
    ? halfMeanSquare(answers, reference)
    : logitDivergence(answers, reference);
}

function halfMeanSquare({ values }: Answers, reference: Answers): number {
  const sum = values.reduce((total, value, index) => total + (value - reference.values[index]!) ** 2, 0);
  return sum / 2 / values.length;
}

function logitDivergence({ values, width }: Answers, reference: Answers): number {
  const rows = values.length / width;
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    const [q, p] = [values, reference.values].map((all) =>
      logProbabilities(all.subarray(row * width, (row + 1) * width)),
    );
    for (let index = 0; index < width; index++) sum += Math.exp(p![index]!) * (p![index]! - q![index]!);
  }
  return sum / rows;
}

/** In float64. */
function logProbabilities(logits: Float32Array): number[] {
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
  return Array.from(logits, (logit) => logit - most - Math.log(total));
}

/** Targets compared at most, spread over the split, and in one run: a row of logits is as long as the vocabulary. */
const [MOST_TARGETS, TARGETS_PER_RUN] = [4096, 64];

async function stateDivergence(answers: Answers, reference: Answers, model: Model, engine: Engine): Promise<number> {
  const { width, values } = answers;
  const every = Math.ceil(values.length / width / MOST_TARGETS);
  const chosen = Array.from({ length: Math.ceil(values.length / width / every) }, (_, index) => index * every);
  const { weight } = requireLanguageModel(model.architecture).unembedding(model.config);
  const shape = [TARGETS_PER_RUN, width];
  const step = await engine.compile({
    name: "divergence",
    mode: "eval",
    inputs: { q: { shape, dtype: "float32" }, p: { shape, dtype: "float32" } },
    trainable: {},
    frozen: new Map([[weight, model.frozen.get(weight)!]]),
    compute: ({ input, frozen }) => {
      const [q, p] = [input.q!, input.p!].map((states) => ops.matMul(states, frozen(weight), false, true));
      const targets = softmax(p!);
      return { outputs: { each: ops.sub(softmaxCrossEntropy(q!, targets), softmaxCrossEntropy(p!, targets)) } };
    },
  });
  let sum = 0;
  for (let start = 0; start < chosen.length; start += TARGETS_PER_RUN) {
    const rows = chosen.slice(start, start + TARGETS_PER_RUN);
    const feeds = { q: gathered(answers, rows), p: gathered(reference, rows) };
    const { outputs } = await step.run(feeds, {}, { seed: 0, step: 0 });
    for (let index = 0; index < rows.length; index++) sum += outputs.each![index]!;
  }
  await step.release();
  return sum / chosen.length;
}

/** The rows of one run; zeros after the last. */
function gathered({ values, width }: Answers, rows: readonly number[]): Float32Array {
  const out = new Float32Array(TARGETS_PER_RUN * width);
  for (const [index, row] of rows.entries()) out.set(values.subarray(row * width, (row + 1) * width), index * width);
  return out;
}
