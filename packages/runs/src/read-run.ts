import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type JsonObject, type JsonRecord, NotFoundError, parseStrictJsonObject } from "@blora/spec";
import type { AnswersRecord } from "./answers.ts";
import { type Evaluation, type GateRecord, readMetrics, type StepRecord } from "./read-metrics.ts";
import { RUN_FILE, readRunConfig } from "./run-config.ts";
import { ANSWERS_FILE, LEDGER_FILE, METRICS_FILE, SUMMARY_FILE } from "./run-folder.ts";
import type { CostLedger, RunSummary } from "./summary.ts";

/** What a run directory holds, as far as the run has come. */
export interface RunFiles {
  readonly folder: string;
  readonly config: JsonObject;
  readonly steps: readonly StepRecord[];
  readonly evaluations: readonly Evaluation[];
  readonly gates: readonly GateRecord[];
  /** Absent until the run is finished. */
  readonly summary: RunSummary | undefined;
  readonly ledger: CostLedger | undefined;
  /** Absent for language models, and until the run is finished. */
  readonly answers: AnswersRecord | undefined;
}

/**
 * Reads a run directory.
 *
 * @throws NotFoundError where the folder holds no run
 * @throws InvalidInputError where one of its files is not a JSON object
 */
export async function readRun(folder: string): Promise<RunFiles> {
  const config = await readRunConfig(folder);
  if (config === undefined) {
    throw new NotFoundError(
      `${folder}: expected a run directory, found no ${RUN_FILE}. Name the --out of a training run.`,
    );
  }
  const log = await readFile(join(folder, METRICS_FILE), "utf8").catch(() => "");
  return {
    folder,
    config,
    ...readMetrics(log),
    summary: (await readJson(join(folder, SUMMARY_FILE))) as unknown as RunSummary | undefined,
    ledger: (await readJson(join(folder, LEDGER_FILE))) as unknown as CostLedger | undefined,
    answers: (await readJson(join(folder, ANSWERS_FILE))) as unknown as AnswersRecord | undefined,
  };
}

async function readJson(path: string): Promise<JsonRecord | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  return bytes && parseStrictJsonObject(bytes, { origin: path });
}
