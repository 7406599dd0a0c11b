import type { GateProbabilities, Scores } from "@blora/spec";

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
