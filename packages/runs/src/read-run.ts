import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type JsonObject, type JsonRecord, NotFoundError, parseStrictJsonObject } from "@blora/spec";
import type { AnswersRecord } from "./answers.ts";
import { answersOf, ledgerOf, summaryOf } from "./file-schemas.ts";
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
 * @throws InvalidInputError where one of its files is no JSON object, or lacks what it must hold
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
    summary: await readPart(join(folder, SUMMARY_FILE), summaryOf),
    ledger: await readPart(join(folder, LEDGER_FILE), ledgerOf),
    answers: await readPart(join(folder, ANSWERS_FILE), answersOf),
  };
}

async function readPart<File>(
  path: string,
  partOf: (content: JsonRecord, path: string) => File,
): Promise<File | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  return bytes && partOf(parseStrictJsonObject(bytes, { origin: path }), path);
}
