import { hardConcrete } from "@blora/gates";
import { adalora, type BloraOptions, blora, lora } from "@blora/lora";
import { bayesianBits, uniform } from "@blora/quantizers";
import { type AdapterStore, FLOAT_BITS, type Method, type Parameter, type Progress } from "@blora/spec";
import { singularComponents } from "../../packages/lora/src/allocation/singular-components.ts";
import { CONTROLS } from "./records.ts";
import type { FrontTask } from "./tasks.ts";

/** One way to spend a budget: a row of the front. */
export interface FrontRow {
  readonly id: string;
  /** Rows of one method over its budgets. */
  readonly method: string;
  /** Share of the bit operations of LoRA r 8 in 32 bit that the row is to end at. */
  readonly budget: number;
  /** Rank of the LoRA warm-up it goes on from; trained from its own start where absent. */
  readonly warmupRank?: number;
  /** Whether matrices are rotated to singular components, so that the float control is rotated too. */
  readonly rotated: boolean;
  /** Peak learning rate, where not the task's. */
  readonly learningRate?: number;
  create(task: FrontTask): Method;
}

/** Settings of LoRAQuant (arXiv 2510.26690): it rounds the end of `lora-8`, and trains nothing. */
export interface LoraQuantRow {
  readonly id: string;
  readonly method: "loraquant";
  /** ρ, share of the squared singular values that keeps `highBits`; the rest gets one bit. */
  readonly ratio: number;
  readonly highBits: number;
}

/** Shares of an average of 4 to 1/4 bits for every entry of LoRA r 8, by the percentages that name them. */
export const BUDGETS: Readonly<Record<string, number>> = {
  "12.5": 4 / 32,
  "6.25": 2 / 32,
  "3.1": 1 / 32,
  "1.6": 1 / 64,
  "0.8": 1 / 128,
};

const RANK = 8;
const gate = hardConcrete();

const loraQuantRows: readonly LoraQuantRow[] = [
  { id: "loraquant-2@0.9", method: "loraquant", ratio: 0.9, highBits: 2 },
  { id: "loraquant-3@0.9", method: "loraquant", ratio: 0.9, highBits: 3 },
];

export type AnyRow = FrontRow | LoraQuantRow;

export const FRONT_ROWS: readonly AnyRow[] = [
  loraOfRank(RANK),
  {
    ...loraOfRank(RANK),
    id: CONTROLS.rotated,
    rotated: true,
    create: ({ warmupSteps }) => rotatedAfter(warmupSteps, lora({ rank: RANK })),
  },
  ...loraQuantRows,
  ...Object.entries(BUDGETS).flatMap(rowsAt),
  loraOfRank(2),
  loraOfRank(1),
  adaloraTo(RANK),
  adaloraTo(2),
];

/** Every row of one budget. */
function rowsAt([percent, budget]: readonly [string, number]): FrontRow[] {
  const widths = uniform({ bits: [0, 2, 3, 4, 8] });
  const row = (method: string, rotated: boolean, options: BloraOptions) =>
    bloraRow(`${method}@${percent}`, method, budget, rotated, options);
  const knapsack = { bopsTarget: budget, quantizer: widths } as const;
  const gated = { bopsTarget: budget, allocation: "gates" } as const;
  const alike = { allocation: "uniform" } as const;
  const uniformRows = [2, 4].flatMap((bits) => {
    const rank = (budget * FLOAT_BITS * RANK) / bits;
    if (!Number.isInteger(rank) || rank > RANK) return [];
    const absmax = uniform({ bits, grid: "absmax" });
    return [
      // One range for a matrix, up to its largest magnitude.
      row(`uniform-${bits}-absmax`, false, { ...alike, rank, quantizer: absmax, granularity: "matrix" }),
      row(`uniform-${bits}`, false, { ...alike, rank, quantizer: uniform({ bits }) }),
      row(`strongest-${bits}`, true, { ...alike, quantizer: uniform({ bits: [0, bits] }), bopsTarget: budget }),
    ];
  });
  return [
    ...uniformRows,
    row("knapsack-error", true, { ...knapsack, sensitivity: "error" }),
    row("knapsack-fisher", true, { ...knapsack, sensitivity: "fisher" }),
    row("blora-components", true, { ...gated, quantizer: uniform({ bits: [0, 2, 3, 4, 8], gate }) }),
    row("blora-matrices", false, {
      ...gated,
      granularity: "matrix",
      rankGate: gate,
      quantizer: bayesianBits({ gate }),
    }),
  ];
}

function bloraRow(
  id: string,
  method: string,
  budget: number,
  rotated: boolean,
  { rank = RANK, ...options }: BloraOptions,
): FrontRow {
  return {
    id,
    method,
    budget,
    warmupRank: rank,
    rotated,
    create: ({ warmupSteps, totalSteps, gateSteps }) => {
      const [warmup, gates] = [warmupSteps / totalSteps, options.allocation === "gates" ? gateSteps / totalSteps : 0];
      return blora({ rank, phases: { warmup, gates, settle: 1 - warmup - gates }, ...options });
    },
  };
}

/** The method, its matrices turned into singular components before the update `step`. */
function rotatedAfter(step: number, method: Method): Method {
  const beforeStep = (store: AdapterStore, progress: Progress): void => {
    if (progress.step !== step) return;
    for (const { path } of store.sites) {
      const { A, B } = store.get(path).parameters as { A: Parameter; B: Parameter };
      const components = singularComponents(A.values, B.values, RANK);
      store.recombine(path, "A", 0, components.A, components.gradientsA);
      store.recombine(path, "B", 1, components.B, components.gradientsB);
    }
  };
  return { ...method, training: { ...method.training, beforeStep } };
}

function loraOfRank(rank: number): FrontRow {
  return {
    id: `lora-${rank}`,
    method: "lora",
    budget: rank / RANK,
    warmupRank: rank,
    rotated: false,
    create: () => lora({ rank }),
  };
}

/** AdaLoRA trains from its own start, at a rate of its own, as its published settings do. */
function adaloraTo(targetRank: number): FrontRow {
  return {
    id: `adalora-${targetRank}`,
    method: "adalora",
    budget: targetRank / RANK,
    rotated: false,
    learningRate: 5e-3,
    create: () => adalora({ initialRank: Math.round(1.5 * targetRank), targetRank, alpha: 16, deltaT: 10 }),
  };
}
