import type { GateProbabilities, Scores } from "@blora/spec";
import { isEvaluation, isGateRecord, isStep } from "./file-schemas.ts";

/** A logged training step; losses are means since the one before. */
export interface StepRecord {
  readonly step: number;
  readonly phase?: string;
  readonly loss: number;
  readonly penalty?: number;
  readonly learningRate: number;
}

/** An evaluation of one split. */
export interface Evaluation {
  readonly step: number;
  readonly split: string;
  readonly evaluationLoss: number;
  readonly scores: Scores;
  readonly costRatio: number;
  readonly meanRank: number;
}

/** P(open) of every gate at a step, by site. */
export interface GateRecord {
  readonly step: number;
  readonly gates: Readonly<Record<string, GateProbabilities>>;
}

export interface Metrics {
  readonly steps: readonly StepRecord[];
  readonly evaluations: readonly Evaluation[];
  readonly gates: readonly GateRecord[];
}

/** Sorts the lines of `metrics.jsonl` by what they record. A line cut off by a crash, or damaged, is left out. */
export function readMetrics(log: string): Metrics {
  const records = log.split("\n").flatMap(parseLine);
  return {
    steps: records.filter(isStep),
    evaluations: records.filter(isEvaluation),
    gates: records.filter(isGateRecord),
  };
}

function parseLine(line: string): object[] {
  try {
    const record: unknown = JSON.parse(line);
    return typeof record === "object" && record !== null ? [record] : [];
  } catch {
    return [];
  }
}
