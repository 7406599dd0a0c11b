import { join } from "node:path";
import type { CostSummary } from "@blora/adapters";
import type { GateProbabilities, JsonObject } from "@blora/spec";
import type { EventListener, RunEvent, StepEvent } from "./events.ts";
import { openMetricsLog } from "./metrics-log.ts";
import { METRICS_FILE } from "./run-folder.ts";
import type { EvaluationRecord } from "./summary.ts";
import { openEventFile } from "./tensorboard/event-file.ts";

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

/** Opens the logs of a run that continues after `step`; -1 for a new one. */
export async function openReporter(runFolder: string, step: number, listener: EventListener): Promise<Reporter> {
  const metrics = await openMetricsLog(join(runFolder, METRICS_FILE), step);
  const board = openEventFile(runFolder, step + 1);
  return {
    emit: listener,
    logStep({ type: _, secondsLeft: __, totalSteps: ___, ...event }, { loss, penalty, steps }) {
      const means = { loss: loss / steps, ...(event.penalty !== undefined && { penalty: penalty / steps }) };
      metrics.write({ ...event, ...means });
      board.write(event.step, {
        ...prefixed("train", means),
        "train/learningRate": event.learningRate,
        "train/gradientNorm": event.gradientNorm,
        "train/tokensPerSecond": event.tokensPerSecond,
      });
    },
    logGates(step, gates) {
      const open = Object.entries(gates).filter(([, groups]) => Object.keys(groups).length > 0);
      if (open.length > 0) metrics.write({ step, gates: rounded(Object.fromEntries(open)) });
    },
    evaluation({ step, splits }, { ratio }, ranks) {
      const all = Object.values(ranks);
      const meanRank = all.reduce((total, rank) => total + rank, 0) / Math.max(1, all.length);
      board.write(step, { "adapter/costRatio": ratio, "adapter/meanRank": meanRank });
      for (const [split, { loss, scores }] of Object.entries(splits)) {
        metrics.write({ step, split, evaluationLoss: loss, scores, costRatio: ratio, meanRank });
        board.write(step, prefixed(`evaluation/${split}`, { loss, ...scores }));
        listener({ type: "evaluation", step, split, loss, scores });
      }
    },
    close() {
      metrics.close();
      board.close();
    },
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
