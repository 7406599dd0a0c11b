import { type Example, type LabelTask, NotFoundError, type Scores, type Tokenizer } from "@blora/spec";
import { classifyTables, understandTables } from "@blora/task-classify";
import { tokenizerOfFiles } from "@blora/tokenizer";
import type { TrainedInMemory } from "@blora/trainer";
import { type Checkpoint, checkpointOfFiles } from "@blora/weights";
import type { Calls, GivenData, ModelChoice, Settings, Told, UnderstoodData } from "./messages.ts";
import { type ModelFiles, modelFiles } from "./model-files.ts";
import { architectureOf, createEngine } from "./parts.ts";
import { readRecords } from "./records.ts";
import type { RequestCount } from "./requests.ts";
import { openSavedTrainings } from "./saved-training.ts";
import { splitTables } from "./split-tables.ts";
import { type TakeAway, takeAwayOf } from "./take-away.ts";
import { type Training, trainingOf } from "./training.ts";

/** What the page's calls do, each in turn of its own. */
export type Workshop = {
  readonly [N in keyof Calls]: (...values: Parameters<Calls[N]>) => Promise<ReturnType<Calls[N]>>;
};

/** What is enough to answer a text once. */
const SMALLEST: Settings = {
  ...{ method: "lora", budget: 1, epochs: 1, learningRate: 1e-3, batchSize: 1, maxLength: 16, seed: 0 },
};

interface Opened {
  readonly choice: ModelChoice;
  readonly files: ModelFiles;
  readonly checkpoint: Checkpoint;
  readonly tokenizer: Tokenizer;
}

export function createWorkshop(tell: (told: Told) => void, requests: RequestCount): Workshop {
  const saved = openSavedTrainings();
  const engine = createEngine();
  let data: GivenData | undefined;
  let task: LabelTask | undefined;
  let rows = 0;
  let opened: Opened | undefined;
  let training: Training | undefined;
  let trained: TrainedInMemory | undefined;
  let takeAway: TakeAway | undefined;
  let isToPause = false;
  /** The newest checkpoint, which a training that was paused goes on from also where the browser keeps nothing. */
  let newest: ReadonlyMap<string, Uint8Array> | undefined;

  const keep = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      tell({ told: "unsaved", message: (error as Error).message });
    }
  };
  const understand = async (given: GivenData): Promise<UnderstoodData> => {
    const { tables, notes } = await splitTables(given);
    const { options, sentence } = await understandTables(given.name, tables);
    const made = classifyTables(options, tables);
    const [train, validation] = await Promise.all([made.load("train", undefined), made.load("validation", undefined)]);
    const labels = validation.examples.flatMap(({ label }) => label ?? []);
    [data, task, rows, trained, newest] = [given, made, train.examples.length, undefined, undefined];
    const example = validation.examples[0] ?? train.examples[0];
    return {
      sentence,
      counts: countsOf(made, [...train.examples, ...validation.examples]),
      trainRows: train.examples.length,
      validationRows: validation.examples.length,
      notes: [...notes.train, ...(train.notes ?? []), ...notes.validation, ...(validation.notes ?? [])],
      hasPairs: example?.second !== undefined,
      majority: labels.length === 0 ? {} : inOrder(made.majority(labels), made.primaryMetric),
      example: example?.first ?? "",
    };
  };
  const openModel = async (choice: ModelChoice, given?: ModelFiles) => {
    const files = given ?? (await modelFiles(choice, tell));
    const name = choice.kind === "builtin" ? "builtin" : choice.kind === "hub" ? choice.id : choice.name;
    const checkpoint = checkpointOfFiles(files, name);
    const architecture = architectureOf(checkpoint.config, name);
    const { provider, threads, version, note } = await engine.describe();
    opened = { choice, files, checkpoint, tokenizer: await tokenizerOfFiles(files, name) };
    [trained, newest] = [undefined, undefined];
    // Loads the engine's own files, and shows that the model computes, before requests are counted.
    if (task !== undefined) {
      const once = trainingOf({
        ...{ ...opened, task, engine, rows, settings: SMALLEST, tell, shouldStop: () => false },
        keep: async () => undefined,
      });
      await once.ask("a", undefined);
    }
    const bytes = [...files.values()].reduce((total, { length }) => total + length, 0);
    requests.begin();
    return {
      name,
      modelType: architecture.modelTypes[0] ?? "",
      bytes,
      engine: `ONNX Runtime ${version} on ${provider}, ${threads} ${threads === 1 ? "thread" : "threads"}${note === undefined ? "" : ` (${note})`}.`,
    };
  };
  const require = () => {
    if (data === undefined || task === undefined) throw new NotFoundError("First come the rows.");
    if (opened === undefined) throw new NotFoundError("First comes a model.");
    return { data, task, opened };
  };
  return {
    async restore(id) {
      const { data: given, choice, files, settings } = await saved.open(id);
      try {
        const [understood, model] = [await understand(given), await openModel(choice, files)];
        newest = await saved.checkpoint();
        return { data: given, understood, choice, model, settings, records: readRecords(newest) };
      } catch (error) {
        saved.leave();
        throw error;
      }
    },
    discard: (id) => saved.discard(id),
    understand(given) {
      saved.leave();
      return understand(given);
    },
    openModel(choice) {
      saved.leave();
      return openModel(choice);
    },
    async train(settings: Settings, goesOn: boolean) {
      const { data: given, task, opened } = require();
      isToPause = false;
      if (!goesOn) {
        newest = undefined;
        await keep(() => saved.begin({ data: given, choice: opened.choice, files: opened.files, settings }));
      }
      training = trainingOf({
        ...{ ...opened, task, engine, rows, settings, tell, shouldStop: () => isToPause },
        async keep(step, files) {
          newest = files;
          await keep(() => saved.keep(step, files));
        },
      });
      const end = await training.run(newest).catch((error) => {
        saved.leave();
        throw error;
      });
      if (end === undefined) return { isPaused: true };
      [trained, newest] = [end, undefined];
      takeAway = takeAwayOf({ ...opened, task, settings, trained });
      await keep(() => saved.finish());
      return { isPaused: false, sizes: takeAway.sizes, ledger: end.ledger, answers: end.answers };
    },
    async pause() {
      // Also where the first step is still being prepared.
      isToPause = true;
    },
    async ask(text, pair) {
      if (training === undefined || trained === undefined) throw new NotFoundError("First it must be trained.");
      return { before: await training.ask(text, pair), after: await training.ask(text, pair, trained) };
    },
    async take(form) {
      if (trained === undefined || takeAway === undefined) throw new NotFoundError("First it must be trained.");
      const packed = takeAway.pack(form);
      await saved.discard();
      return packed;
    },
  };
}

/** How often each class occurs, the most frequent first. */
function countsOf({ head }: LabelTask, examples: readonly Example[]): [label: string, rows: number][] {
  if (head.kind === "regression") return [];
  const counts = head.labels.map(() => 0);
  for (const { label, labels = label === undefined ? [] : [label] } of examples)
    for (const own of labels) counts[own]!++;
  return head.labels.map((label, index): [string, number] => [label, counts[index]!]).sort((a, b) => b[1] - a[1]);
}

/** Scores with one of them first. */
function inOrder(scores: Scores, first: string): Scores {
  return { ...(scores[first] !== undefined && { [first]: scores[first] }), ...scores };
}
