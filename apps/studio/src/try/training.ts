import { answerOf, type Engine, type LabelTask, type Tokenizer } from "@blora/spec";
import { predictInMemory, type TrainedInMemory, trainInMemory } from "@blora/trainer";
import type { Checkpoint } from "@blora/weights";
import { argumentsOf } from "./command.ts";
import type { Asked, LogLine, Settings, Told } from "./messages.ts";
import { architectureOf, costModel, methodOf } from "./parts.ts";
import { RECORDS_FILE, readRecords, writeRecords } from "./records.ts";

export interface Training {
  /** Trains from the start or from a checkpoint; undefined where it was paused, and saved. */
  run(checkpoint: ReadonlyMap<string, Uint8Array> | undefined): Promise<TrainedInMemory | undefined>;
  /** Answers a text, with the head and adapter that were trained, or as before training. */
  ask(text: string, pair: string | undefined, trained?: TrainedInMemory): Promise<Asked>;
}

interface TrainingParts {
  readonly task: LabelTask;
  readonly checkpoint: Checkpoint;
  readonly tokenizer: Tokenizer;
  readonly engine: Engine;
  readonly settings: Settings;
  /** Rows that are learned from. */
  readonly rows: number;
  /** Asked between steps; true pauses it. */
  shouldStop(): boolean;
  tell(told: Told): void;
  /** Keeps a checkpoint. */
  keep(step: number, files: ReadonlyMap<string, Uint8Array>): Promise<void>;
}

/** Points of a curve, about. */
const POINTS = 100;

export function trainingOf({
  task,
  checkpoint,
  tokenizer,
  engine,
  settings,
  rows,
  shouldStop,
  tell,
  keep,
}: TrainingParts): Training {
  const steps = Math.ceil(rows / settings.batchSize) * settings.epochs;
  const parts = {
    architecture: architectureOf(checkpoint.config, checkpoint.folder),
    method: methodOf(settings),
    task,
    costModel,
    engine,
    tokenizer,
    checkpoint,
    model: checkpoint.folder,
    arguments: {
      ...argumentsOf(settings),
      seed: settings.seed,
      loggingSteps: Math.max(1, Math.round(steps / POINTS)),
    },
  };
  return {
    async run(resume) {
      const records = readRecords(resume);
      const end = await trainInMemory({
        ...parts,
        onEvent: (event) => tell({ told: "event", event }),
        onMetrics(metrics) {
          const record = metrics as unknown as LogLine;
          records.push(record);
          tell({ told: "record", record });
        },
        shouldStop,
        onCheckpoint: ({ step, files }) => keep(step, new Map([...files, [RECORDS_FILE, writeRecords(records)]])),
        ...(resume !== undefined && { resume }),
      });
      return end.summary.interrupted ? undefined : end;
    },
    async ask(first, second, trained) {
      const example = { first, ...(second !== undefined && { second }), origin: "the text" };
      const { logits } = await predictInMemory({
        ...parts,
        ...(trained !== undefined && { weights: trained.weights }),
        examples: [example],
      });
      return askedOf(task, logits);
    },
  };
}

function askedOf({ head }: LabelTask, logits: Float32Array): Asked {
  if (head.kind === "regression") return { text: logits[0]!.toFixed(3), probabilities: [] };
  const { chosen, probabilities } = answerOf(head, logits);
  return {
    text: chosen.map((label) => head.labels[label]!).join(", ") || "none",
    probabilities: probabilities.map((probability, label) => [head.labels[label]!, probability]),
  };
}
