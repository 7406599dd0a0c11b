export type { AnswerCounts, AnswersRecord, ClassCounts, NumberPairs, SeveralCounts } from "./answers.ts";
export {
  CHECKPOINT_MARKER,
  checkpointFolder,
  type FoundCheckpoint,
  listCheckpoints,
  newestCheckpoint,
  pruneCheckpoints,
  writeCheckpoint,
} from "./checkpoint.ts";
export type { EvaluationEvent, EventListener, RunEvent, StartEvent, StepEvent } from "./events.ts";
export { type FoundRuns, findRuns } from "./find-runs.ts";
export { configDifferences, decidingSettings, fingerprintOf } from "./fingerprint.ts";
export { followMetrics, type MetricsChange, type MetricsFollower } from "./follow-metrics.ts";
export { type Machine, machine } from "./machine.ts";
export type { Evaluation, GateRecord, Metrics, StepRecord } from "./metrics.ts";
export type { MetricsRecord } from "./metrics-log.ts";
export { type RunFiles, type RunParts, readRun, readRunParts } from "./read-run.ts";
export { createReporter, type Logs, type LossSum, type Reporter } from "./report-to.ts";
export { openReporter } from "./reporter.ts";
export {
  RUN_FILE,
  readRunConfig,
  requireSameConfig,
  writeRunConfig,
} from "./run-config.ts";
export {
  ADAPTER_FOLDER,
  ANSWERS_FILE,
  claimRunFolder,
  clearRun,
  LAST_ADAPTER_FOLDER,
  LEDGER_FILE,
  METRICS_FILE,
  removeHalfMade,
  SUMMARY_FILE,
} from "./run-folder.ts";
export type { CostLedger, EvaluationRecord, RunSummary } from "./summary.ts";
export type { SweepOutcome, SweepRecord } from "./sweep-record.ts";
export { currentRecords, readRecordParts, readRecords, type TableRow, writeRecord } from "./sweep-records.ts";
export { type EventFile, openEventFile } from "./tensorboard/event-file.ts";
