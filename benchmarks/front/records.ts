import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Scores } from "@blora/spec";

/** The float controls: LoRA r 8 as it is, and rotated to singular components at the end of the warm-up. */
export const CONTROLS = { plain: "lora-8", rotated: "lora-8-rotated" } as const;

/** One finished row: a line of `results/front/<task>.jsonl`. */
export interface FrontRecord {
  readonly task: string;
  readonly seed: number;
  readonly row: string;
  readonly method: string;
  /** Share of the bit operations of LoRA r 8 in 32 bit it was to end at, and ended at. */
  readonly budget: number;
  readonly share: number;
  /** Bits of the adapters as they are stored, scales included, as a share of those of LoRA r 8 in 32 bit. */
  readonly stored: number;
  /** On the whole evaluation split, after the last update. */
  readonly loss: number;
  readonly metric: string;
  readonly scores: Scores;
  /** From the answers of the float control of the same form to its own: KL in nats, or half the mean squared difference. */
  readonly divergence: number;
  /** Mean of the last 40 updates; absent where nothing was trained. */
  readonly trainingLoss?: number;
  /** Sites by rank; rows of A and columns of B by width. */
  readonly ranks: Readonly<Record<string, number>>;
  readonly bits: Readonly<Record<string, number>>;
  /** Of the row's own updates. */
  readonly seconds: number;
  /** Hash of everything the row was asked for: a line with another does not count. */
  readonly settings: string;
  readonly precision: string;
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  readonly commit?: string;
  readonly date: string;
}

export function appendRecord(folder: string, record: FrontRecord): void {
  mkdirSync(folder, { recursive: true });
  appendFileSync(join(folder, `${record.task}.jsonl`), `${JSON.stringify(record)}\n`);
}

/** Records of all tasks; of a task, seed and row with several the newest. */
export function readRecords(folder: string): FrontRecord[] {
  if (!existsSync(folder)) return [];
  const newest = new Map<string, FrontRecord>();
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith(".jsonl")) continue;
    for (const line of readFileSync(join(folder, file), "utf8").split("\n")) {
      if (line === "") continue;
      const record = JSON.parse(line) as FrontRecord;
      newest.set(`${record.task} ${record.seed} ${record.row}`, record);
    }
  }
  return [...newest.values()];
}
