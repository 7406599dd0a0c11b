export type { AnswerCounts, AnswersRecord, ClassCounts, NumberPairs, SeveralCounts } from "./answers.ts";
export type { EvaluationEvent, EventListener, RunEvent, StartEvent, StepEvent } from "./events.ts";
export { configDifferences, decidingSettings, fingerprintOf } from "./fingerprint.ts";
export type { Evaluation, GateRecord, Metrics, StepRecord } from "./metrics.ts";
export type { MetricsRecord } from "./metrics-log.ts";
export { createReporter, type Logs, type LossSum, type Reporter } from "./report-to.ts";
export type { CostLedger, EvaluationRecord, RunSummary } from "./summary.ts";
