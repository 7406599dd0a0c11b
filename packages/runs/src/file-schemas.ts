import { type JsonRecord, requireValid } from "@blora/spec";
import { z } from "zod";
import type { AnswersRecord } from "./answers.ts";
import type { Evaluation, GateRecord, StepRecord } from "./metrics.ts";
import type { CostLedger, RunSummary } from "./summary.ts";
import type { SweepRecord } from "./sweep-record.ts";

/**
 * What the files of runs must hold to be read: what tables and pages are made from. A key more is no fault, an older
 * version may lack what is optional in the types, and NaN is null in JSON.
 */
const number = z.number();
const numberOrNull = z.number().nullable();
const text = z.string();
const byName = <Value extends z.ZodType>(value: Value) => z.record(text, value);
const scores = byName(numberOrNull);
const bits = byName(z.union([number, z.array(number)]));

const count3 = z.tuple([number, number, number]);
const place = z.int().min(0);
/** No matrix of a model has a greater one. */
const rank = z
  .int()
  .min(0)
  .max(2 ** 16);
const labels = z.array(text);
const answerCounts = z.discriminatedUnion("kind", [
  z
    .looseObject({ kind: z.literal("class"), labels, counts: z.array(z.tuple([place, place, number])) })
    .refine(({ labels: { length }, counts }) => counts.every(([label, answer]) => Math.max(label, answer) < length), {
      message: "expected counts of the labels that are listed",
      path: ["counts"],
    }),
  z
    .looseObject({ kind: z.literal("several"), labels, counts: z.array(count3) })
    .refine(({ labels: { length }, counts }) => counts.length === length, {
      message: "expected counts of each label",
      path: ["counts"],
    }),
  z.looseObject({ kind: z.literal("number"), rows: number, pairs: z.array(z.tuple([number, number])) }),
]);

const evaluation = z.looseObject({
  step: number,
  splits: byName(z.looseObject({ loss: numberOrNull, scores, types: byName(scores).optional() })),
  warnings: z.array(text),
  answers: answerCounts.optional(),
});

const summary = z.looseObject({
  task: text,
  split: text,
  rows: z.looseObject({ train: number, eval: number }),
  metric: z.looseObject({ name: text, value: numberOrNull }),
  metrics: z.looseObject({ best: evaluation.nullable(), last: evaluation.nullable() }),
  selected: z.enum(["best", "last"]),
  baseline: scores,
  ranks: byName(rank),
  bits: byName(bits),
  bops: z.looseObject({
    ...{ scope: text, unit: text, macs: number, bitOperations: number, baseline: number, ratio: numberOrNull },
  }),
  adapterSizes: byName(byName(numberOrNull)).optional(),
  engine: z.looseObject({ id: text, provider: text, threads: number, version: text }),
  steps: number,
  seconds: number,
  evaluated: z.looseObject({ rows: number, seconds: number }).optional(),
  tokensPerSecond: numberOrNull,
  paddedTokensPerSecond: numberOrNull,
  paddingShare: numberOrNull,
  truncatedShare: numberOrNull,
  peakRssBytes: number.optional(),
  seed: number,
  warnings: z.array(text),
  interrupted: z.boolean(),
});

const ledgerRow = z.looseObject({
  ...{ path: text, matrix: text, macs: number, weightBits: number, inputBits: number, cost: number },
});

const sweepRecord = z.looseObject({
  ...{ name: text, recipe: text, model: text, task: text, seed: number, settingsId: text },
  settings: byName(z.unknown()),
  machine: z.looseObject({ cpu: text, cores: number }),
  outcome: z.discriminatedUnion("status", [
    z.looseObject({ status: z.literal("done"), summary }),
    z.looseObject({ status: z.literal("failed"), error: text }),
  ]),
});

/** What a file of JSON holds, once it is found to hold it. @throws InvalidInputError naming file, key and what was found */
function reader<File>(schema: z.ZodType): (content: JsonRecord, path: string) => File {
  return (content, path) => {
    requireValid(schema, content, path);
    return content as unknown as File;
  };
}

export const summaryOf: (content: JsonRecord, path: string) => RunSummary = reader(summary);

export const ledgerOf: (content: JsonRecord, path: string) => CostLedger = reader(
  z.looseObject({ scope: text, unit: text, rows: z.array(ledgerRow), baseline: z.array(ledgerRow) }),
);

export const answersOf: (content: JsonRecord, path: string) => AnswersRecord = reader(
  z.looseObject({ split: text, step: number, answers: answerCounts }),
);

export const sweepRecordOf: (content: JsonRecord, path: string) => SweepRecord = reader(sweepRecord);

const step = z.looseObject({
  ...{ step: number, loss: numberOrNull, learningRate: number },
  phase: text.optional(),
  penalty: numberOrNull.optional(),
});
const splitEvaluation = z.looseObject({
  ...{ step: number, split: text, evaluationLoss: numberOrNull, scores, costRatio: numberOrNull, meanRank: number },
});
const gates = z.looseObject({ step: number, gates: byName(byName(byName(number))) });

export const isStep = (line: unknown): line is StepRecord => step.safeParse(line).success;
export const isEvaluation = (line: unknown): line is Evaluation => splitEvaluation.safeParse(line).success;
export const isGateRecord = (line: unknown): line is GateRecord => gates.safeParse(line).success;
