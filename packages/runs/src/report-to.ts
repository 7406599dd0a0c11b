import type { CostSummary } from "@blora/adapters";
import type { GateProbabilities, JsonObject } from "@blora/spec";
import type { EventListener, RunEvent, StepEvent } from "./events.ts";
import type { MetricsRecord } from "./metrics-log.ts";
import type { EvaluationRecord } from "./summary.ts";

/** Sums since the last logged step, so that logs show means. */
export interface LossSum {
  readonly loss: number;
  readonly penalty: number;
  readonly steps: number;
}

/** Tells listeners, `metrics.jsonl` and TensorBoard what a run does. */
export interface Reporter {
  emit(event: RunEvent): void;
  /** Logs a step; losses are means since the last logged one. */
  logStep(event: StepEvent, sum: LossSum): void;
  /** Logs P(open) of every site's gates, by path; nothing where no site has gates. */
  logGates(step: number, gates: Readonly<Record<string, GateProbabilities>>): void;
  evaluation(record: EvaluationRecord, cost: CostSummary, ranks: Readonly<Record<string, number>>): void;
  close(): void;
}

/** Where a reporter writes, besides telling its listener. */
export interface Logs {
  /** A line of `metrics.jsonl`. */
  metrics(record: MetricsRecord): void;
  /** Curves of a step by name. */
  board(step: number, scalars: Readonly<Record<string, number>>): void;
  close(): void;
}

export function createReporter(listener: EventListener, { metrics, board, close }: Logs): Reporter {
  return {
    emit: listener,
    logStep({ type: _, secondsLeft: __, totalSteps: ___, ...event }, { loss, penalty, steps }) {
      const means = { loss: loss / steps, ...(event.penalty !== undefined && { penalty: penalty / steps }) };
      metrics({ ...event, ...means });
      board(event.step, {
        ...prefixed("train", means),
        "train/learningRate": event.learningRate,
        "train/gradientNorm": event.gradientNorm,
        "train/tokensPerSecond": event.tokensPerSecond,
      });
    },
    logGates(step, gates) {
      const open = Object.entries(gates).filter(([, groups]) => Object.keys(groups).length > 0);
      if (open.length > 0) metrics({ step, gates: rounded(Object.fromEntries(open)) });
    },
    evaluation({ step, splits }, { ratio }, ranks) {
      const all = Object.values(ranks);
      const meanRank = all.reduce((total, rank) => total + rank, 0) / Math.max(1, all.length);
      board(step, { "adapter/costRatio": ratio, "adapter/meanRank": meanRank });
      for (const [split, { loss, scores }] of Object.entries(splits)) {
        metrics({ step, split, evaluationLoss: loss, scores, costRatio: ratio, meanRank });
        board(step, prefixed(`evaluation/${split}`, { loss, ...scores }));
        listener({ type: "evaluation", step, split, loss, scores });
      }
    },
    close,
  };
}

/** Four decimals are what a picture shows, and keep the log small. */
function rounded(gates: Readonly<Record<string, GateProbabilities>>): JsonObject {
  const text = JSON.stringify(gates, (_, value) => (typeof value === "number" ? Number(value.toFixed(4)) : value));
  return JSON.parse(text) as JsonObject;
}

function prefixed(prefix: string, scalars: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(scalars).map(([name, value]) => [`${prefix}/${name}`, value]));
}
