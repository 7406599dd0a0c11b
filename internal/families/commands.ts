import { join } from "node:path";
import type { LikelihoodSummary } from "@blora/likelihood";
import { vi } from "vitest";
import { evaluateAdapter, type SplitScores } from "../../apps/cli/src/jobs/evaluate.ts";
import { type Exported, type ExportFlags, exportModel } from "../../apps/cli/src/jobs/export.ts";
import { generate } from "../../apps/cli/src/jobs/generate.ts";
import { type Merged, merge } from "../../apps/cli/src/jobs/merge.ts";
import { predict } from "../../apps/cli/src/jobs/predict.ts";
import { type TrainingResult, trainAdapter } from "../../apps/cli/src/jobs/train.ts";
import { createProgram } from "../../apps/cli/src/program.ts";
import type { TrainedWith } from "./family.ts";

/** What the commands compute, in this process: their jobs, and the program itself where a command has no job. */

const TRAINING = ["maxSteps=6", "evalSteps=6", "learningRate=0.02", "perDeviceTrainBatchSize=4", "maxSeqLength=32"];

const host = { emit: () => {}, stopsItself: () => {}, shouldStop: () => false };

export interface Training {
  readonly model: string;
  readonly task: "classify" | "instruct";
  readonly data: string;
  readonly out: string;
  readonly method: TrainedWith;
  /** Run whose adapter it goes on with. */
  readonly adapter?: string | undefined;
  /** Options of the engine. */
  readonly engine?: readonly string[];
}

/** Trains for six steps, or goes on with the run in `out`. `stopAfter` interrupts it there. */
export function trainRun(
  { method, adapter, engine = [], ...run }: Training,
  stopAfter: number = Infinity,
): Promise<TrainingResult> {
  let steps = 0;
  const set = [...method.set.map((option) => `method.${option}`), ...TRAINING, ...engine];
  return trainAdapter(
    {
      request: { ...run, method: method.method, threads: 1, set },
      adapter,
      overwrite: false,
      allowConfigChange: false,
    },
    {
      ...host,
      emit: ({ type }) => {
        if (type === "step") steps += 1;
      },
      shouldStop: () => steps >= stopAfter,
    },
  );
}

export async function evaluateRun(adapter: string, data: string, set: readonly string[] = []): Promise<SplitScores> {
  const evaluated = await evaluateAdapter(
    { request: { data, threads: 1, set }, adapter, split: undefined, out: undefined },
    host,
  );
  if (evaluated.kind !== "splits") throw new Error(`expected splits, found ${evaluated.kind}`);
  return evaluated.results;
}

/** Answers of a language model to questions of MMLU without examples. */
export async function answerQuestions(
  adapter: string,
  data: string,
  set: readonly string[] = [],
): Promise<LikelihoodSummary> {
  const request = { task: "mmlu", data, threads: 1, set: ["task.shots=0", 'task.subjects=["anatomy"]', ...set] };
  const evaluated = await evaluateAdapter({ request, adapter, split: undefined, out: undefined }, host);
  if (evaluated.kind !== "likelihood") throw new Error(`expected answers, found ${evaluated.kind}`);
  return evaluated.summary;
}

/** Rows of the csv, of which the first cell, where a text stands, may hold commas. */
export async function predictRows(
  adapter: string,
  data: string,
  set: readonly string[] = [],
): Promise<readonly string[][]> {
  const { text = "" } = await predict(
    { request: { data, threads: 1, set }, adapter, split: undefined, out: undefined, submission: false },
    host,
  );
  const lines = text.trimEnd().split("\n");
  return lines.map((line) => /^(".*"|[^,]*),(.*),(.*),(.*)$/.exec(line)!.slice(1));
}

export async function generateText(
  adapter: string,
  flags: { readonly prompt: string; readonly chat?: boolean; readonly set?: readonly string[] },
): Promise<string> {
  const pieces: string[] = [];
  const options = { ...flags, maxNewTokens: 6, temperature: 0, topP: 1, seed: 0, threads: 1 };
  await generate({ adapter, ...options }, { ...host, emit: (piece) => void pieces.push(piece) });
  return pieces.join("");
}

export const mergeRun = (
  adapter: string,
  out: string,
  flags: { readonly plain: boolean } = { plain: false },
): Promise<Merged> =>
  merge({ flags: { adapter, out, maxShardSize: 5, engine: "onnx", ...flags }, partial: `${out}.partial` });

export const exportRun = (
  adapter: string,
  out: string,
  flags: Partial<Pick<ExportFlags, "plain" | "adapterForm" | "weights">> = {},
): Promise<Exported> =>
  exportModel({
    flags: { adapter, out, weights: "float32", adapterForm: "merged", measure: true, ...flags },
    partial: `${out}.partial`,
  });

/** The JSON line of a command that computes nothing long. */
export async function commandJson(...words: string[]): Promise<unknown> {
  const written: string[] = [];
  const write = vi.spyOn(process.stdout, "write").mockImplementation((text) => written.push(String(text)) > 0);
  try {
    await createProgram(() => {}).parseAsync([...words, "--json"], { from: "user" });
  } finally {
    write.mockRestore();
  }
  return JSON.parse(written.join(""));
}

/** Where a run keeps its adapter. */
export const adapterOf = (run: string): string => join(run, "adapter");
