import { parseTable } from "@blora/data";
import { type Example, type LabelTask, NotFoundError, type Scores, type Tokenizer } from "@blora/spec";
import { classifyTables, understandTables } from "@blora/task-classify";
import { tokenizerOfFiles } from "@blora/tokenizer";
import { type Checkpoint, checkpointOfFiles } from "@blora/weights";
import { zipSync } from "fflate";
import type { Calls, GivenData, ModelChoice, Settings, Told, UnderstoodData } from "./messages.ts";
import { type ModelFiles, modelFiles } from "./model-files.ts";
import { architectureOf, createEngine } from "./parts.ts";
import type { RequestCount } from "./requests.ts";
import { openSavedTraining } from "./saved-training.ts";
import { type Trained, type Training, trainingOf } from "./training.ts";

/** What the page's calls do, each in turn of its own. */
export type Workshop = {
  readonly [N in keyof Calls]: (...values: Parameters<Calls[N]>) => Promise<ReturnType<Calls[N]>>;
};

/** Files of an adapter at its learned widths, which are the whole of it. */
const PACKED = /^blora_/;

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
  const saved = openSavedTraining();
  const engine = createEngine();
  let data: GivenData | undefined;
  let task: LabelTask | undefined;
  let opened: Opened | undefined;
  let training: Training | undefined;
  let trained: Trained | undefined;

  const understand = async (given: GivenData): Promise<UnderstoodData> => {
    const tables = { train: [parseTable(given.name, given.text)] };
    const { options, sentence } = await understandTables(given.name, tables);
    const made = classifyTables(options, tables);
    const [train, validation] = await Promise.all([made.load("train", undefined), made.load("validation", undefined)]);
    const labels = validation.examples.flatMap(({ label }) => label ?? []);
    [data, task, trained] = [given, made, undefined];
    const example = validation.examples[0] ?? train.examples[0];
    return {
      sentence,
      counts: countsOf(made, [...train.examples, ...validation.examples]),
      trainRows: train.examples.length,
      validationRows: validation.examples.length,
      notes: [...(train.notes ?? []), ...(validation.notes ?? [])],
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
    trained = undefined;
    // Loads the engine's own files, and shows that the model computes, before requests are counted.
    if (task !== undefined)
      await trainingOf({ ...opened, task, engine, settings: SMALLEST, saved, tell }).ask("a", undefined);
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
    async restore() {
      const { data: given, choice, files } = await saved.open();
      return { data: given, understood: await understand(given), model: await openModel(choice, files) };
    },
    discard: () => saved.discard(),
    understand,
    openModel: (choice) => openModel(choice),
    async train(settings: Settings, goesOn: boolean) {
      const { data: given, task, opened } = require();
      if (!goesOn) await saved.begin({ data: given, choice: opened.choice, files: opened.files, settings });
      training = trainingOf({ ...opened, task, engine, settings, saved, tell });
      const end = await training.run(goesOn ? await saved.checkpoint() : undefined);
      if (end === undefined) return { isPaused: true };
      trained = end;
      await saved.discard();
      return { isPaused: false };
    },
    async pause() {
      training?.pause();
    },
    async ask(text, pair) {
      if (training === undefined || trained === undefined) throw new NotFoundError("First it must be trained.");
      return { before: await training.ask(text, pair), after: await training.ask(text, pair, trained) };
    },
    async take(form) {
      if (trained === undefined) throw new NotFoundError("First it must be trained.");
      const files = trained.files;
      const wanted = form === "peft" ? [...files.keys()] : [...files.keys()].filter((name) => PACKED.test(name));
      return {
        name: `adapter-${form}.zip`,
        bytes: zipSync(Object.fromEntries(wanted.map((name) => [name, files.get(name)!]))),
      };
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
