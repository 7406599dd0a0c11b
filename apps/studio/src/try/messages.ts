import type { AnswersRecord, CostLedger, Evaluation, GateRecord, RunEvent, RunSummary, StepRecord } from "@blora/runs";

/** Rows as somebody gave them: a file, or a folder with a file for each split. */
export interface GivenData {
  /** Of the file or folder. */
  readonly name: string;
  /** Csv, tsv, jsonl or json files, as their names say. */
  readonly files: readonly { readonly name: string; readonly text: string }[];
  /** Names of files beside them, which a page does not read. */
  readonly others?: readonly string[];
}

/** What was understood of the rows. */
export interface UnderstoodData {
  /** Which column is what, in a sentence. */
  readonly sentence: string;
  /** Rows of each class, none for numbers. */
  readonly counts: readonly (readonly [label: string, rows: number])[];
  readonly trainRows: number;
  readonly validationRows: number;
  /** Texts that repeat, contradict each other, or stand in both splits; what is held out. */
  readonly notes: readonly string[];
  readonly hasPairs: boolean;
  /** Score of always giving the most frequent answer, by name; the deciding one first. */
  readonly majority: Readonly<Record<string, number>>;
  readonly example: string;
}

export type ModelChoice =
  | { readonly kind: "builtin" }
  | { readonly kind: "hub"; readonly id: string; readonly host: string }
  | { readonly kind: "files"; readonly name: string; readonly files: readonly File[] };

export interface ModelFacts {
  readonly name: string;
  readonly modelType: string;
  readonly bytes: number;
  /** What the engine computes with, in words. */
  readonly engine: string;
}

export interface Settings {
  readonly method: "blora" | "lora";
  /** Share of LoRA's bit operations that B-LoRA ends at. */
  readonly budget: number;
  readonly epochs: number;
  readonly learningRate: number;
  readonly batchSize: number;
  readonly maxLength: number;
  readonly seed: number;
}

/** A training that was left, and can go on, or was finished and not taken away. */
export interface SavedTraining {
  readonly id: string;
  readonly data: string;
  readonly model: string;
  readonly settings: Settings;
  readonly step: number;
  readonly isFinished: boolean;
}

/** A class, a number, or how likely each class is, for one text. */
export interface Asked {
  readonly text: string;
  /** Empty for a number. */
  readonly probabilities: readonly (readonly [label: string, probability: number])[];
}

export type Taken = "peft" | "packed" | "onnx";

export interface Download {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The lines of `metrics.jsonl` by what they record, and what a run ends with. */
export interface Progress {
  readonly steps: readonly StepRecord[];
  readonly evaluations: readonly Evaluation[];
  readonly gates: readonly GateRecord[];
  readonly summary: RunSummary | undefined;
  readonly ledger: CostLedger | undefined;
  readonly answers: AnswersRecord | undefined;
}

/** How a call to train ended. */
export type Trained =
  | { readonly isPaused: true }
  | {
      readonly isPaused: false;
      /** Bytes of each form of the result, before they are compressed. */
      readonly sizes: Readonly<Record<Taken, number>>;
      readonly ledger: CostLedger;
      readonly answers: AnswersRecord | undefined;
    };

/** What the page asks of the worker. */
export interface Calls {
  /** Opens the data and model of a saved training, with what its log held. */
  restore(id: string): {
    readonly data: GivenData;
    readonly understood: UnderstoodData;
    readonly choice: ModelChoice;
    readonly model: ModelFacts;
    readonly settings: Settings;
    readonly records: readonly LogLine[];
  };
  discard(id: string): void;
  understand(data: GivenData): UnderstoodData;
  openModel(choice: ModelChoice): ModelFacts;
  /** Trains to the end, or until it is paused; `goesOn` from the newest checkpoint. */
  train(settings: Settings, goesOn: boolean): Trained;
  pause(): void;
  ask(text: string, pair: string | undefined): { readonly before: Asked; readonly after: Asked };
  take(form: Taken): Download;
}

/** A line of `metrics.jsonl`. */
export type LogLine = StepRecord | Evaluation | GateRecord;

/** What the worker tells by itself. */
export type Told =
  | { readonly told: "download"; readonly file: string; readonly received: number; readonly total: number | undefined }
  | { readonly told: "event"; readonly event: RunEvent }
  | { readonly told: "record"; readonly record: LogLine }
  /** The worker lives while it holds this lock. */
  | { readonly told: "started"; readonly lock: string }
  /** Why the browser does not keep what is learned. */
  | { readonly told: "unsaved"; readonly message: string }
  /** Requests of the worker to the network since the model was opened. */
  | { readonly told: "requests"; readonly count: number };

export type Name = keyof Calls;

export interface Request<N extends Name = Name> {
  readonly number: number;
  readonly name: N;
  readonly values: Parameters<Calls[N]>;
}

export type Reply =
  | { readonly number: number; readonly value: unknown }
  | { readonly number: number; readonly error: string };
