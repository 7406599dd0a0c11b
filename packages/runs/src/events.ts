import type { EngineDescription, Scores } from "@blora/spec";
import type { RunSummary } from "./summary.ts";

/** What a run tells while it works. Plain data: it can cross threads. */
export type RunEvent =
  | StartEvent
  | { readonly type: "resume"; readonly step: number; readonly folder: string }
  | { readonly type: "warning"; readonly message: string }
  /** What was understood before anything begins. */
  | { readonly type: "note"; readonly message: string }
  | { readonly type: "compile"; readonly name: string; readonly milliseconds: number }
  | StepEvent
  | EvaluationEvent
  | { readonly type: "checkpoint"; readonly step: number; readonly folder: string }
  | { readonly type: "finish"; readonly summary: RunSummary };

export interface StartEvent {
  readonly type: "start";
  readonly task: string;
  readonly trainRows: number;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  /** Numbers that training changes, at the start. */
  readonly trainableParameters: number;
  readonly sites: number;
  readonly estimatedMemoryBytes: number;
  /** What computes. */
  readonly engine: EngineDescription;
}

/** After every update. */
export interface StepEvent {
  readonly type: "step";
  /** Updates made so far. */
  readonly step: number;
  readonly totalSteps: number;
  readonly epoch: number;
  readonly phase?: string;
  /** Mean task loss of the update's rows. */
  readonly loss: number;
  /** What the method added to the loss. */
  readonly penalty?: number;
  /** Of weights and head, before clipping. */
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** Tokens of text, padding not counted. */
  readonly tokensPerSecond: number;
  readonly secondsLeft: number;
}

export interface EvaluationEvent {
  readonly type: "evaluation";
  readonly step: number;
  readonly split: string;
  readonly loss: number;
  readonly scores: Scores;
}

export type EventListener = (event: RunEvent) => void;
