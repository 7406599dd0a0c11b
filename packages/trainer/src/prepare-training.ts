import { weightsFingerprint } from "@blora/adapters";
import { type BoundNetwork, bindNetwork, openNetwork, sitesOf } from "@blora/network";
import {
  type Adapter,
  type EngineDescription,
  InvalidInputError,
  isLanguageModelTask,
  type Json,
  type JsonObject,
  type Parameter,
} from "@blora/spec";
import { checkpointSha256, requireVocabulary, vocabularySizeOf } from "@blora/weights";
import { parseTrainingArguments, type TrainingArguments } from "./arguments.ts";
import { type EncodedSplit, encodeSplit, fingerprint, requireAnswers } from "./data/encoded-split.ts";
import { planTraining, type TrainingPlan } from "./data/epochs.ts";
import { packRows, type TrainingRow } from "./data/packing.ts";
import { paddedLengths } from "./data/padding.ts";
import { objectiveOf } from "./objective/objective-of.ts";
import { manifestOf, type RunParts } from "./run.ts";
import { createTrainingState, type Snapshot, type TrainingState } from "./state/training-state.ts";
import type { Model } from "./steps/definitions.ts";

/** A network with its task, ready to be trained. */
export interface BoundModel extends BoundNetwork, Model {}

/**
 * `bindNetwork` for a run.
 *
 * @throws InvalidInputError also for a tokenizer that knows more ids than the network
 */
export function bindModel(parts: RunParts, targets: readonly string[] | undefined, seed: number): BoundModel {
  const { task, costModel, tokenizer } = parts;
  const network = bindNetwork(
    openNetwork(parts.architecture, parts.checkpoint, parts.model, tokenizer.special.pad),
    parts.method,
    task.head,
    targets,
    seed,
  );
  requireVocabulary(tokenizer, parts.checkpoint, parts.model);
  return { ...network, task, objective: objectiveOf(task), costModel };
}

/** Fresh adapters of every site: step 0 computes the base model. */
export function initAdapters({ method, sites }: Model, seed: number): Map<string, Adapter> {
  return new Map(sites.map((site) => [site.path, method.init(site, seed)]));
}

/** A run whose inputs are read and checked. */
export interface PreparedRun {
  readonly args: TrainingArguments;
  readonly model: BoundModel;
  /** Weights to start from, where not fresh ones. */
  readonly start: Snapshot | undefined;
  /** Texts trained on. */
  readonly train: EncodedSplit;
  /** What steps compute: those texts, or several of them a row. Batches index these. */
  readonly rows: readonly TrainingRow[];
  /** Evaluation splits, the deciding one first. */
  readonly evaluation: readonly EncodedSplit[];
  readonly plan: TrainingPlan;
  /** Longest padded length in tokens. */
  readonly longest: number;
  readonly engine: EngineDescription;
  readonly modelSha256: string;
  /** What `blora-run.json` records. */
  readonly config: JsonObject;
}

/** Arguments with `maxSeqLength` no longer than the architecture's longest text. */
export function resolveArguments({ arguments: given = {}, architecture, checkpoint }: RunParts): TrainingArguments {
  const args = parseTrainingArguments(given);
  const maxLength = architecture.maxLength(architecture.parseConfig(checkpoint.config));
  return { ...args, maxSeqLength: Math.min(args.maxSeqLength, maxLength) };
}

/** Loads and encodes a split of the run's data. */
export function loadSplit(
  name: string,
  { task, tokenizer, data, checkpoint }: RunParts,
  { maxSeqLength }: TrainingArguments,
  limit: number | undefined,
): Promise<EncodedSplit> {
  const vocabularySize = vocabularySizeOf(checkpoint);
  return encodeSplit(name, { task, tokenizer, maxLength: maxSeqLength, folder: data, limit, vocabularySize });
}

/** Splits of a run, the deciding one of evaluation first. */
interface Splits {
  readonly train: EncodedSplit;
  readonly evaluation: readonly EncodedSplit[];
}

async function loadSplits(run: RunParts, args: TrainingArguments): Promise<Splits> {
  const { splits } = run.task;
  const train = await loadSplit(splits.train, run, args, args.maxTrainSamples);
  requireAnswers(train, run.task);
  const evaluation: EncodedSplit[] = [];
  for (const name of splits.evaluation) {
    const split = await loadSplit(name, run, args, args.maxEvalSamples);
    requireAnswers(split, run.task);
    evaluation.push(split);
  }
  return { train, evaluation };
}

/** What a run is told besides its parts. */
export interface Surroundings {
  /** Recorded in the run's configuration. */
  readonly machine: JsonObject;
  readonly versions?: Readonly<Record<string, string>> | undefined;
  /** Weights to go on from, and what to call them; fresh ones where undefined. */
  start?(bound: BoundModel): Promise<{ readonly weights: Snapshot; readonly origin: string } | undefined>;
}

/** Reads and checks everything a run needs before the first step. */
export async function prepareTraining(run: RunParts, surroundings: Surroundings): Promise<PreparedRun> {
  const args = resolveArguments(run);
  const { gradientCheckpointing } = args;
  const bound: BoundModel = { ...bindModel(run, args.targets, args.seed), gradientCheckpointing };
  const found = await surroundings.start?.(bound);
  const start = found?.weights;
  const model =
    found === undefined ? bound : { ...bound, sites: sitesOf(bound, found.weights.adapters.keys(), found.origin) };
  requireTrainable(model, args.seed, start);
  const splits = await loadSplits(run, args);
  const rows = trainingRows(splits.train, model, args);
  const lengths = paddedLengths(rows, args.padToMultipleOf, model.maxLength);
  const plan = planRows(rows, args, model.maxLength);
  const engine = await run.engine.describe();
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  const inputs = { modelSha256: await checkpointSha256(run.checkpoint), data: describeData(splits), engine };
  return {
    args,
    model,
    start,
    ...splits,
    rows,
    plan,
    longest,
    engine,
    modelSha256: inputs.modelSha256,
    config: {
      ...describeRun(run, inputs),
      versions: surroundings.versions ?? {},
      machine: surroundings.machine,
      ...(start && { startsFrom: weightsFingerprint(start) }),
    },
  };
}

/** @throws InvalidInputError where no step would change anything, as with a method for the head alone and a language model */
function requireTrainable(model: BoundModel, seed: number, start: Snapshot | undefined): void {
  const isTrained = ({ group, values }: Parameter): boolean => group !== "frozen" && values.length > 0;
  if (Object.values(start?.head ?? model.freshHead).some(isTrained)) return;
  const trains = ({ parameters }: Adapter): boolean => Object.values(parameters).some(isTrained);
  // One fresh adapter that trains is enough: those of all sites are made where training starts.
  const isFound =
    start === undefined
      ? model.sites.some((site) => trains(model.method.init(site, seed)))
      : [...start.adapters.values()].some(trains);
  if (isFound) return;
  throw new InvalidInputError(
    `Expected a method that trains something, found none: no site has an adapter with components, and ${model.task.name} has no head of its own.`,
  );
}

/** The batches of every step. */
export function planRows(rows: readonly TrainingRow[], args: TrainingArguments, maxLength: number): TrainingPlan {
  return planTraining({
    ...args,
    lengths: paddedLengths(rows, args.padToMultipleOf, maxLength),
    batchSize: args.perDeviceTrainBatchSize,
    maxTokens: args.maxTokensPerPass,
    maxSteps: args.maxSteps,
  });
}

/** Rows that have something to learn, packed where asked for. */
function trainingRows(
  { rows }: EncodedSplit,
  { objective, task }: BoundModel,
  { packing, maxSeqLength }: TrainingArguments,
): readonly TrainingRow[] {
  if (packing && !isLanguageModelTask(task)) {
    throw new InvalidInputError(`packing: expected a language-model task, found ${task.name}, whose rows have labels.`);
  }
  const learned = rows.filter((row) => objective.lossesOf(row) > 0);
  return packing ? packRows(learned, maxSeqLength) : learned;
}

/** What a run computes with: network and data by their content, and the engine. */
export interface RunInputs {
  readonly modelSha256: string;
  readonly data: JsonObject;
  readonly engine: EngineDescription;
}

/** Every row of a run's splits by the SHA-256 of its ids, so that another tokenizer makes other data. */
export async function readData(run: RunParts): Promise<JsonObject> {
  return describeData(await loadSplits(run, resolveArguments(run)));
}

function describeData({ train, evaluation }: Splits): JsonObject {
  const described = (split: EncodedSplit): JsonObject => ({
    split: split.name,
    rows: split.rows.length,
    sha256: fingerprint(split),
  });
  return { train: described(train), evaluation: evaluation.map(described) };
}

/** A run as `blora-run.json` records it, but for where and when. */
export function describeRun(run: RunParts, { modelSha256, data, engine }: RunInputs): JsonObject {
  return {
    formatVersion: 1,
    model: run.model,
    modelConfig: run.checkpoint.config as Json,
    modelSha256,
    architecture: manifestOf(run.architecture),
    task: { name: run.task.name, manifest: manifestOf(run.task) },
    method: manifestOf(run.method),
    costModel: manifestOf(run.costModel),
    data: { folder: run.data ?? null, ...(run.dataset && { dataset: { ...run.dataset } as JsonObject }), ...data },
    arguments: JSON.parse(JSON.stringify(resolveArguments(run))) as Json,
    engine: { ...engine },
  };
}

/** The state a run begins with. */
export function startingState({ model, args, start }: PreparedRun): TrainingState {
  return createTrainingState(start?.adapters ?? initAdapters(model, args.seed), start?.head ?? model.freshHead);
}
