import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { weightsFingerprint } from "@blora/adapters";
import { lockFolder, writeFileDurably } from "@blora/files";
import { type OpenNetwork, openAdapter, openBase, openNetwork } from "@blora/network";
import { claimRunFolder, configDifferences, readRunConfig, writeRunConfig } from "@blora/runs";
import {
  type Architecture,
  type Component,
  type Engine,
  firstToken,
  InvalidInputError,
  isLanguageModelTask,
  type Json,
  type JsonObject,
  type LikelihoodEvaluation,
  type LikelihoodRequest,
  type Method,
  type Task,
  type Tokenizer,
  toJson,
} from "@blora/spec";
import { type Checkpoint, checkpointSha256, requireVocabulary } from "@blora/weights";
import { type AnsweredQuestions, answerAll, type LikelihoodProgress } from "./answer-all.ts";
import {
  ANSWERS_FILE,
  type AnswerRecord,
  type AnswersFile,
  createAnswersInMemory,
  openAnswersFile,
  readAnswers,
} from "./answers-file.ts";
import { createRequestEncoder, type EncodedRequest } from "./encode-request.ts";
import { promptsHash, tokensHash } from "./prompts-hash.ts";
import { createReading } from "./reading.ts";
import { requestsOf, SHARD_FOLDER, type Shard, shardFolder } from "./shards.ts";
import { type LikelihoodSummary, summarizeLikelihood } from "./summary.ts";

/** What is evaluated, every component as a value. */
export interface LikelihoodRun {
  readonly architecture: Architecture;
  /** Computes the adapter, where there is one. */
  readonly method?: Method;
  readonly task: Task;
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  /** The frozen network. */
  readonly checkpoint: Checkpoint;
  /** Hub id or folder of the checkpoint: recorded, never opened. */
  readonly model: string;
  /** Folder of the task's data; absent for built-in data. */
  readonly data?: string;
  /** Adapter folder; absent: the network as it is. */
  readonly adapterDirectory?: string;
  /** Run directory, where answers are kept and an interrupted evaluation continues. Absent: in memory alone. */
  readonly outputDirectory?: string;
  /** Tokens read in one pass at most, but for a question that is longer. Default 128 to 512, by the size of the network. Changes no score. */
  readonly tokenBudget?: number;
  /** Asked between passes; true keeps the answers and returns an interrupted summary. */
  readonly shouldStop?: () => boolean;
  readonly onProgress?: (progress: LikelihoodProgress) => void;
}

const LIKELIHOOD_FILE = "likelihood.json";

/** An evaluation whose inputs are read and checked. */
interface Prepared {
  readonly run: LikelihoodRun;
  readonly likelihood: LikelihoodEvaluation;
  readonly requests: readonly LikelihoodRequest[];
  readonly open: OpenNetwork;
  /** Longest text, in tokens. */
  readonly maxTokens: number;
  readonly firstId: number | undefined;
  readonly encode: (request: LikelihoodRequest) => EncodedRequest;
}

/**
 * Scores a language model by which continuations it finds likeliest.
 *
 * What questions have in common is read once: the keys and values of the
 * shared beginning are kept, and every question goes on from them. Scores
 * depend on neither `tokenBudget` nor the order of the questions.
 *
 * @throws InvalidInputError for a task that is not scored by likelihood, a network that is no language model, an
 *   adapter of another one, or an output directory that holds another evaluation
 * @throws NumericalError where a log-probability is not finite
 */
export async function evaluateLikelihood(run: LikelihoodRun): Promise<LikelihoodSummary> {
  const prepared = await prepare(run);
  const folder = run.outputDirectory;
  if (folder === undefined) return evaluatePrepared(prepared, createAnswersInMemory());
  return inFolder(folder, prepared, async (answers, requireHeld) => {
    const summary = await evaluatePrepared(prepared, answers, requireHeld);
    requireHeld();
    const { answers: _, ...rest } = summary;
    if (!summary.interrupted) {
      await writeFileDurably(join(folder, LIKELIHOOD_FILE), `${JSON.stringify(rest, null, 2)}\n`);
    }
    return summary;
  });
}

/** How far a shard is. */
export interface ShardSummary {
  readonly questions: number;
  readonly answered: number;
}

/**
 * Answers one shard of an evaluation, in a folder of its own in that of the evaluation, where `evaluateLikelihood`
 * finds the answers and asks nothing again. Shards may be answered at the same time, on machines that share the folder.
 *
 * @throws as `evaluateLikelihood` does
 */
export async function answerShard(
  run: LikelihoodRun & { readonly outputDirectory: string },
  shard: Shard,
): Promise<ShardSummary> {
  const prepared = await prepare(run);
  const folder = run.outputDirectory;
  await claimRunFolder(folder);
  await requireSameEvaluation(folder, await describeEvaluation(prepared));
  const own = { ...prepared, requests: requestsOf(prepared.requests, shard) };
  return inFolder(shardFolder(folder, shard), prepared, async (answers, requireHeld) => {
    const { records } = await answerPrepared(own, answers, requireHeld);
    return { questions: own.requests.length, answered: own.requests.filter(({ id }) => records.has(id)).length };
  });
}

/** Works on the answers of a folder that holds this evaluation and that nobody else writes. */
async function inFolder<Result>(
  folder: string,
  prepared: Prepared,
  act: (answers: AnswersFile, requireHeld: () => void) => Promise<Result>,
): Promise<Result> {
  await claimRunFolder(folder);
  const lock = await lockFolder(folder);
  try {
    const config = await describeEvaluation(prepared);
    await requireSameEvaluation(folder, config);
    const answers = await openAnswersFile(join(folder, ANSWERS_FILE), await answersOfShards(folder, config));
    return await act(answers, lock.requireHeld);
  } finally {
    await lock.release();
  }
}

/** What shards of the same evaluation have answered. */
async function answersOfShards(folder: string, config: JsonObject): Promise<AnswerRecord[]> {
  const found: AnswerRecord[] = [];
  for (const name of (await readdir(folder)).filter((entry) => SHARD_FOLDER.test(entry)).sort()) {
    const started = await readRunConfig(join(folder, name));
    if (started === undefined || evaluationDifferences(started, config).length > 0) continue;
    found.push(...(await readAnswers(join(folder, name, ANSWERS_FILE))));
  }
  return found;
}

async function prepare(run: LikelihoodRun): Promise<Prepared> {
  const { task, tokenizer } = run;
  const likelihood = isLanguageModelTask(task) ? task.likelihood : undefined;
  if (likelihood === undefined) {
    throw new InvalidInputError(`Expected a task that is scored by likelihood, such as mmlu; found ${task.name}.`);
  }
  const firstId = firstToken(tokenizer, likelihood.addBos);
  requireVocabulary(tokenizer, run.checkpoint, run.model);
  const network = openNetwork(run.architecture, run.checkpoint, run.model);
  const { adapterDirectory: folder, method } = run;
  const open =
    folder === undefined
      ? openBase(network, task.head)
      : await openAdapter(network, { folder, head: task.head, method, form: "trained" });
  const maxTokens = Math.min(open.maxLength, likelihood.maxTokens ?? Number.POSITIVE_INFINITY);
  const { overlong } = likelihood;
  return {
    run,
    likelihood,
    requests: await likelihood.requests(run.data),
    open,
    maxTokens,
    firstId,
    encode: createRequestEncoder({ tokenizer, maxLength: maxTokens, overlong, firstId }),
  };
}

async function evaluatePrepared(
  prepared: Prepared,
  answers: AnswersFile,
  requireHeld?: () => void,
): Promise<LikelihoodSummary> {
  const { run, likelihood, requests, open, maxTokens } = prepared;
  const answered = await answerPrepared(prepared, answers, requireHeld);
  return summarizeLikelihood({
    task: run.task.name,
    model: run.model,
    adapter: run.adapterDirectory ?? null,
    form: run.adapterDirectory === undefined ? null : open.form,
    likelihood,
    requests,
    answered,
    earlier: answers.known.size,
    maxTokens,
    engine: await run.engine.describe(),
  });
}

/** Asks what is not answered yet, and closes the answers. */
async function answerPrepared(
  { run, requests, open, encode }: Prepared,
  answers: AnswersFile,
  requireHeld: () => void = () => undefined,
): Promise<AnsweredQuestions> {
  const { tokenizer, engine } = run;
  const candidates = requests.reduce((most, { continuations }) => Math.max(most, continuations.length), 0);
  const reading = createReading({ engine, open, padId: tokenizer.special.pad, candidates });
  try {
    return await answerAll(requests, {
      encode,
      reading,
      answers,
      tokenBudget: Math.min(run.tokenBudget ?? defaultBudget(open), open.maxLength),
      shouldStop() {
        requireHeld();
        return run.shouldStop?.() ?? false;
      },
      onProgress: run.onProgress ?? (() => undefined),
    });
  } finally {
    answers.close();
    await reading.release();
  }
}

/**
 * Long passes suit matrix products, but texts that are packed side by side
 * also compare their tokens in vain, which only a wide network hides.
 */
function defaultBudget({ linears }: OpenNetwork): number {
  const macsPerToken = linears.reduce((total, site) => total + site.inFeatures * site.outFeatures, 0);
  return Math.min(512, Math.max(128, Math.round(macsPerToken / 2 ** 12)));
}

/** Everything an answer depends on. */
async function describeEvaluation(prepared: Prepared): Promise<JsonObject> {
  const { run, likelihood, requests, open, maxTokens, firstId, encode } = prepared;
  const { precision } = await run.engine.describe();
  return {
    formatVersion: 1,
    model: run.model,
    modelConfig: run.checkpoint.config as Json,
    modelSha256: await checkpointSha256(run.checkpoint),
    architecture: toJson(run.architecture),
    adapterSha256: run.adapterDirectory === undefined ? null : weightsFingerprint(open.weights),
    form: run.adapterDirectory === undefined ? null : open.form,
    method: run.adapterDirectory === undefined || run.method === undefined ? null : toJson(run.method),
    task: {
      name: run.task.name,
      manifest: toJson("completeManifest" in run.task ? (run.task as Component<"task">).completeManifest : run.task),
    },
    protocol: { ...likelihood.protocol },
    promptsSha256: promptsHash(requests),
    tokensSha256: tokensHash(requests, encode),
    maxTokens,
    firstId: firstId ?? null,
    ...(precision !== undefined && { precision }),
  };
}

async function requireSameEvaluation(folder: string, config: JsonObject): Promise<void> {
  const started = await readRunConfig(folder);
  if (started === undefined) return writeRunConfig(folder, config);
  const differences = evaluationDifferences(started, config);
  if (differences.length === 0) return;
  throw new InvalidInputError(
    `${folder}: expected the evaluation this folder was started with, found ${differences.join("; ")}. Choose another folder.`,
  );
}

/** None where only the task's options are written otherwise: prompts and ids are known by their content. */
function evaluationDifferences(started: JsonObject, config: JsonObject): string[] {
  const differences = configDifferences(started, config);
  return differences.every((difference) => difference.startsWith("task.manifest")) ? [] : differences;
}
