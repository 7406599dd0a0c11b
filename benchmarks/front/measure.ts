import { lora } from "@blora/lora";
import { type Adapter, FLOAT_BITS, isLanguageModelTask, type Method, type Scores } from "@blora/spec";
import { summarizeCost, summarizeSites } from "../../packages/trainer/src/cost.ts";
import { evaluateSplit } from "../../packages/trainer/src/evaluation.ts";
import { type TrainingState, takeSnapshot } from "../../packages/trainer/src/state/training-state.ts";
import { type Answers, takingStates, withStates } from "./answers.ts";
import { openRunner, type Session } from "./session.ts";

export interface Evaluated {
  readonly loss: number;
  readonly scores: Scores;
  readonly answers: Answers;
}

/** Loss, scores and answers on the deciding split. */
export async function evaluateRow(session: Session, method: Method, state: TrainingState): Promise<Evaluated> {
  const { args, evaluation, model: bound } = session.prepared;
  const readsStates = isLanguageModelTask(bound.task);
  const model = readsStates ? withStates({ ...bound, method }) : { ...bound, method };
  const opened = openRunner(session, model, state);
  const states: Float32Array[] = [];
  let width = 0;
  const taken = (part: Float32Array, its: number): void => {
    states.push(part);
    width = its;
  };
  try {
    const { loss, scores, logits, rows } = (await evaluateSplit(evaluation[0]!, {
      runner: readsStates ? takingStates(opened, model.objective, taken) : opened,
      model,
      batchSize: args.perDeviceEvalBatchSize,
      maxTokens: args.maxTokensPerPass,
      padToMultipleOf: args.padToMultipleOf,
      limit: bound.maxLength,
    }))!;
    const answers = readsStates ? { values: joined(states), width } : { values: logits, width: logits.length / rows };
    return { loss: loss!, scores: scores!, answers };
  } finally {
    await opened.release();
  }
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((total, { length }) => total + length, 0));
  let next = 0;
  for (const part of parts) {
    all.set(part, next);
    next += part.length;
  }
  return all;
}

/** How ranks and widths ended. */
export interface Spent {
  /** Bit operations as a share of those of LoRA r 8 in 32 bit. */
  readonly share: number;
  /** Bits of the adapters as they are stored, scales included, as a share of those of LoRA r 8 in 32 bit. */
  readonly stored: number;
  /** Sites by rank. */
  readonly ranks: Readonly<Record<string, number>>;
  /** Rows of A and columns of B by width. */
  readonly bits: Readonly<Record<string, number>>;
}

export function spentBy({ prepared }: Session, method: Method, state: TrainingState): Spent {
  const { costModel, sites } = prepared.model;
  const snapshot = takeSnapshot(state);
  const { ranks, bits } = summarizeSites(method, sites, snapshot);
  const widths = Object.entries(bits).flatMap(([path, { A = [], B = [] }]) =>
    [A, B].flatMap((own) => (typeof own === "number" ? Array<number>(ranks[path]!).fill(own) : own)),
  );
  const { bitOperations } = summarizeCost(method, costModel, sites, snapshot);
  const reference = costModel.measured(
    sites.map((site) => lora().baselineUsage(site)),
    1,
  );
  return {
    share: bitOperations / Number(reference.total),
    stored:
      bitsOf(method, snapshot.adapters.values()) /
      bitsOf(
        lora(),
        sites.map((site) => lora().init(site, 0)),
      ),
    ranks: counted(Object.values(ranks)),
    bits: counted(widths),
  };
}

/** Bits of codes, scales and what stays in floating point. */
function bitsOf({ artifacts }: Method, adapters: Iterable<Adapter>): number {
  let total = 0;
  for (const adapter of adapters) {
    const { codes, parameters } = artifacts?.encode?.(adapter) ?? { codes: {}, parameters: adapter.parameters };
    for (const { values } of Object.values(parameters)) total += values.length * FLOAT_BITS;
    for (const { codes: own, bits } of Object.values(codes)) {
      const size = own.length / bits.length;
      for (const width of bits) total += size * width + (width > 0 ? FLOAT_BITS : 0);
    }
  }
  return total;
}

function counted(values: readonly number[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
