import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type JsonObject, type JsonRecord, NotFoundError, parseStrictJsonObject } from "@blora/spec";
import type { AnswersRecord } from "./answers.ts";
import { answersOf, ledgerOf, summaryOf } from "./file-schemas.ts";
import type { Evaluation, GateRecord, StepRecord } from "./metrics.ts";
import { readMetrics } from "./read-metrics.ts";
import { RUN_FILE } from "./run-config.ts";
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

/** A run directory of which some files may be damaged. */
export interface RunParts extends RunFiles {
  /** What is wrong with each file that could not be read; what it holds is left out. */
  readonly problems: readonly Error[];
}

/**
 * Reads a run directory.
 *
 * @throws NotFoundError where the folder holds no run
 * @throws InvalidInputError where one of its files is no JSON object, or lacks what it must hold
 */
export async function readRun(folder: string): Promise<RunFiles> {
  const { problems, ...run } = await readRunParts(folder);
  if (problems[0] !== undefined) throw problems[0];
  return run;
}

/**
 * Reads what can be read of a run directory.
 *
 * @throws NotFoundError where the folder holds no run
 */
export async function readRunParts(folder: string): Promise<RunParts> {
  const problems: Error[] = [];
  const readPart = async <Part>(name: string, partOf: (content: JsonRecord, path: string) => Part) => {
    const path = join(folder, name);
    try {
      const bytes = await readFile(path);
      return partOf(parseStrictJsonObject(bytes, { origin: path }), path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Where the folder is a file, nothing is in it.
      if (code !== "ENOENT" && code !== "ENOTDIR") problems.push(error as Error);
      return undefined;
    }
  };
  const config = await readPart(RUN_FILE, (content) => content as JsonObject);
  if (config === undefined && problems.length === 0) {
    throw new NotFoundError(
      `${folder}: expected a run directory, found no ${RUN_FILE}. Name the --out of a training run.`,
    );
  }
  const log = await readFile(join(folder, METRICS_FILE), "utf8").catch(() => "");
  return {
    folder,
    config: config ?? {},
    ...readMetrics(log),
    summary: await readPart(SUMMARY_FILE, summaryOf),
    ledger: await readPart(LEDGER_FILE, ledgerOf),
    answers: await readPart(ANSWERS_FILE, answersOf),
    problems,
  };
}
