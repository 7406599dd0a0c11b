import { drawnTensors } from "@blora/network";
import { type Adapter, answerOf, type Head, type Scores } from "@blora/spec";
import type { TrainingArguments } from "./arguments.ts";
import { dataWarnings } from "./data/data-warnings.ts";
import { memoryWarning, rowsOfPass } from "./memory.ts";
import { warmupStepsOf } from "./optimizer/learning-rates.ts";
import type { PreparedRun } from "./prepare-training.ts";
import { type TrainingState, takeSnapshot } from "./state/training-state.ts";

export interface ResultFacts {
  readonly head: Head;
  readonly split: string;
  readonly primaryMetric: string;
  readonly scores: Scores;
  /** Of always giving the most frequent answer. */
  readonly baseline: Scores;
  /** Mean loss of the split. */
  readonly loss: number;
  /** Row-major [rows, C] */
  readonly logits: Float32Array;
  readonly rows: number;
  /** Words of a language model, where the checkpoint tells. */
  readonly vocabularySize: number | undefined;
}

/** What a score alone does not show, in words: constant answers, and scores a trained model should not have. */
export function resultWarnings(facts: ResultFacts): string[] {
  const { head, primaryMetric, split, scores, baseline } = facts;
  if (head.kind === "language-model") return likelihoodWarnings(facts);
  const warnings: string[] = [];
  const constant = constantAnswer(facts);
  if (constant !== undefined)
    warnings.push(
      `Every ${head.kind === "token-classification" ? "word" : "row"} of ${split} gets the same answer, ${constant}: nothing was learned yet.`,
    );
  warnings.push(...distanceWarnings(facts));
  const score = scores[primaryMetric];
  const chance = baseline[primaryMetric];
  if (score === undefined || chance === undefined) return warnings;
  if (Number.isNaN(score)) {
    const same = constant === undefined ? "labels" : "answers";
    return [...warnings, `${primaryMetric} on ${split} is undefined: its ${same} are all the same.`];
  }
  // A constant answer has no correlation: one below 0 runs against the labels.
  const [floor, least] = Number.isNaN(chance)
    ? [0, "0"]
    : [chance, `the ${chance.toFixed(4)} of always giving the most frequent answer`];
  if (!(score < floor)) return warnings;
  warnings.push(
    `${primaryMetric} on ${split} is ${score.toFixed(4)}, below ${least}: the model is undertrained, or its labels are in another order.`,
  );
  return warnings;
}

function likelihoodWarnings({ split, loss, vocabularySize }: ResultFacts): string[] {
  if (vocabularySize === undefined || loss < Math.log(vocabularySize)) return [];
  return [
    `The loss on ${split} is ${loss.toFixed(4)}, no better than guessing among ${vocabularySize} words: the tokenizer or the weights belong to another model, or training diverged.`,
  ];
}

/** The one answer all rows get, or undefined. */
function constantAnswer({ head, logits, rows }: ResultFacts): string | undefined {
  if (rows < 2) return undefined;
  if (head.kind !== "classification" && head.kind !== "token-classification") {
    return logits.every((value) => value === logits[0]) ? String(logits[0]) : undefined;
  }
  const C = head.labels.length;
  const answers = new Set(
    Array.from({ length: logits.length / C }, (_, answer) => {
      const { chosen } = answerOf(head, logits.subarray(answer * C, (answer + 1) * C));
      return chosen.map((label) => head.labels[label]).join(", ");
    }),
  );
  return answers.size === 1 ? [...answers][0] || "none of the labels" : undefined;
}

/** What a correlation does not show: numbers that are in order and far off, as those are that begin near 0. */
function distanceWarnings({ head, split, scores: { rmse }, baseline: { rmse: least } }: ResultFacts): string[] {
  if (head.kind !== "regression" || rmse === undefined || least === undefined || !(rmse > least)) return [];
  return [
    `rmse on ${split} is ${rmse.toFixed(4)}, above the ${least.toFixed(4)} of always giving the mean: the model is undertrained. Answers begin near 0, and numbers far from it take many steps: scale the labels, or raise learningRate.`,
  ];
}

/** Warns of a warm-up that the run never leaves. */
export function warmupWarnings(
  args: Pick<TrainingArguments, "warmupSteps" | "warmupRatio" | "learningRate">,
  totalSteps: number,
): string[] {
  const warmup = warmupStepsOf(args, totalSteps);
  if (warmup < totalSteps) return [];
  const { warmupSteps, warmupRatio, learningRate } = args;
  const given = warmupSteps === undefined ? `warmupRatio ${warmupRatio} is ${warmup}` : `warmupSteps is ${warmup}`;
  const steps = totalSteps === 1 ? "1 step" : `${totalSteps} steps`;
  // The first update of a warm-up has the rate 0.
  const so =
    totalSteps === 1
      ? "the learning rate is 0 and nothing is trained"
      : `the learning rate never reaches ${learningRate}`;
  return [`${given} and the run has ${steps}: ${so}.`];
}

export interface CompressionFacts {
  /** Ranks by site, as the run began and as it ended. */
  readonly ranks: { readonly first: readonly number[]; readonly last: readonly number[] };
  /** Exact cost of the adapters, as the run began and as it ended. */
  readonly cost: { readonly first: number; readonly last: number };
  /** Whether the method has a penalty that makes adapters smaller. */
  readonly penalized: boolean;
}

/** Warns where a penalty closed everything, which is valid and changes nothing, or where it closed nothing. */
export function compressionWarnings({ ranks, cost, penalized }: CompressionFacts): string[] {
  const isPositive = (rank: number): boolean => rank > 0;
  if (ranks.first.some(isPositive) && !ranks.last.some(isPositive)) {
    return ["Every site ended with rank 0: the adapter changes nothing but the head. The penalty is too strong."];
  }
  // Adapters whose components begin at zero, such as AdaLoRA's, have nothing to close yet.
  if (!penalized || cost.first === 0 || cost.last < cost.first) return [];
  return [
    "The run ended with all ranks and bit widths it began with: the penalty is too weak, or the steps were too few.",
  ];
}

/** What is not seen of the head a run starts with: a part of it that an adapter should have brought, labels taken by name. */
export function headNotes({ model, start }: PreparedRun, adapter: string | undefined): string[] {
  const drawn = start === undefined ? [] : drawnTensors(model, start);
  return [
    ...(drawn.length === 0
      ? []
      : [
          `${adapter}: the head tensors ${drawn.join(", ")} are neither in the adapter nor in the model: they start drawn.`,
        ]),
    ...(model.isHeadReordered && start === undefined
      ? ["The model's own head has its labels in another order (id2label): each was taken by its name."]
      : []),
  ];
}

/**
 * What should be known before the first step of a process.
 *
 * @param step made so far
 * @param memory bytes of the largest pass, and those there are; Infinity where nothing tells
 */
export function startWarnings(
  prepared: PreparedRun,
  state: TrainingState,
  step: number,
  { needed, free }: { readonly needed: number; readonly free: number },
): string[] {
  const { train, evaluation, args, longest, model, plan } = prepared;
  const memory = memoryWarning(needed, free, rowsOfPass(prepared), longest);
  const { adapters } = takeSnapshot(state);
  return [
    ...(memory === undefined ? [] : [memory]),
    ...dataWarnings(train, evaluation, model.task.head, args),
    ...warmupWarnings(args, plan.totalSteps),
    ...(step > 0 ? [] : methodWarnings(prepared, adapters, step)),
  ];
}

/** What a method says of its adapters, after `step` steps. */
export function methodWarnings(
  { model, args, plan }: PreparedRun,
  adapters: ReadonlyMap<string, Adapter>,
  step: number,
): readonly string[] {
  const { method, sites, costModel } = model;
  const progress = { step, totalSteps: plan.totalSteps, seed: args.seed };
  return method.training?.warnings?.(sites, adapters, costModel, progress) ?? [];
}
