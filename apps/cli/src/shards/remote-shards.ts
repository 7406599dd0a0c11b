import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fetchFiles, isSavedFiles, type SavedFile, saveFiles } from "@blora/artefacts";
import type { Shard } from "@blora/likelihood";
import { fingerprintOf, RUN_FILE } from "@blora/runs";
import {
  type ArtefactStore,
  BloraError,
  type Job,
  type JobEngine,
  type JobEvent,
  type JsonObject,
  storedRecord,
  toJson,
} from "@blora/spec";
import { UsageError } from "../exit.ts";
import type { EvaluationProgress } from "../output/evaluation-line.ts";
import { adapterFolder } from "../run/adapter-folder.ts";
import { absoluteStore } from "../sweep/remote-job.ts";
import { watchJobs } from "../sweep/watch-jobs.ts";
import { contentOf, type ShardContent } from "./shard-content.ts";
import type { ShardedWork } from "./shard-jobs.ts";

/** Where shards for other machines find what they are answered from. */
export const INPUTS = "inputs/";

/** A shard as a job for any machine. */
export type RemoteShard = ShardedWork & {
  readonly shard: Shard;
  /** Last part of the name of what is answered for: files of answers are named after it. */
  readonly name: string;
  readonly content: ShardContent;
  /** In the store, where the adapter is in a folder and the rows are in a file of whoever asks. */
  readonly adapterFiles: readonly SavedFile[] | null;
  readonly dataFile: SavedFile | null;
};

/** Puts what machines may lack into the store. @returns a job for each shard */
export async function remoteShardJobs(
  { work, input }: ShardedWork,
  count: number,
  { store, address }: { readonly store: ArtefactStore; readonly address: string },
): Promise<Job[]> {
  const { request, adapter, out } = input;
  if (request.config !== undefined) {
    throw new UsageError("--config: expected flags alone for workers on other machines, found a file.");
  }
  const content = await contentOf(request, adapter);
  const folder = adapter === undefined || !existsSync(adapter) ? undefined : await adapterFolder(adapter);
  const file = request.data !== undefined && isFile(request.data) ? resolve(request.data) : undefined;
  const manifest = {
    work,
    input: { ...input, out: "", request: { ...request, ...absolutePlaces(request) } },
    name: basename(resolve(out)),
    content,
    adapterFiles: folder === undefined ? null : await saved(store, folder, readdirSync(folder).sort()),
    dataFile: file === undefined ? null : (await saved(store, dirname(file), [basename(file)]))[0]!,
  };
  return Array.from({ length: count }, (_, index) => {
    const own = toJson({ ...manifest, shard: { index, count } }) as JsonObject;
    const needs = { memoryBytes: 0, threads: request.threads ?? 1 };
    return { id: fingerprintOf(own), manifest: { ...own, store: absoluteStore(address) }, needs, inputs: [] };
  });
}

export function remoteShardOf({ manifest }: Job): RemoteShard {
  return manifest as unknown as RemoteShard;
}

/** Where a store keeps the answers of a shard. */
export function answersPlace(id: string): string {
  return `shards/${id}/`;
}

export interface RemoteAnswers {
  readonly engine: JobEngine;
  readonly store: ArtefactStore;
  /** Where whoever gathers them finds answers: beside it, or in it. */
  readonly out: string;
  readonly signal: AbortSignal;
  onEvent(event: EvaluationProgress): void;
}

/** Has shards answered by workers, and takes their answers home, until all are there or the signal. @throws BloraError where one failed */
export async function answerRemotely(jobs: readonly Job[], answers: RemoteAnswers): Promise<void> {
  const { engine, store, out, signal } = answers;
  const left: Job[] = [];
  for (const job of jobs) {
    const known = await storedRecord(store, job.id);
    if (known === undefined) left.push(job);
    else await takeHome(store, job, known, out);
  }
  if (left.length === 0) return;
  await engine.submit(left);
  const progress = createProgressOfAll(answers.onEvent, left.length);
  await watchJobs(engine, left, {
    signal,
    async onEvent(event, job) {
      const { index, count } = remoteShardOf(job).shard;
      if (event.type === "failed") throw new BloraError(event.error);
      if (event.type === "cancelled") {
        throw new BloraError(`Expected shard ${index + 1} of ${count} to be answered, found that it was cancelled.`);
      }
      progress(event);
      if (event.type === "done") await takeHome(store, job, event.record, out);
    },
  });
}

async function takeHome(store: ArtefactStore, job: Job, { files }: JsonObject, out: string): Promise<void> {
  const name = basename(resolve(out));
  const isAnswer = ({ path }: SavedFile): boolean =>
    path.startsWith(`${name}/`) || path.startsWith(`.partial-${name}.shard-`);
  if (!isSavedFiles(files) || !files.every(isAnswer)) {
    throw new BloraError("Expected the answers of a shard from the store, found something else.");
  }
  const folder = dirname(resolve(out));
  // What a folder was started with stays as it is.
  const wanted = files.filter(({ path }) => path !== `${name}/${RUN_FILE}` || !existsSync(join(folder, path)));
  await fetchFiles(store, answersPlace(job.id), { folder, files: wanted });
}

/** Of all shards together, with those that are not begun taken to be as long as the others. */
function createProgressOfAll(onEvent: (event: EvaluationProgress) => void, count: number): (event: JobEvent) => void {
  const known = new Map<string, { readonly step: number; readonly steps?: number }>();
  const began = performance.now();
  let first: number | undefined;
  return (event) => {
    if (event.type !== "progress") return;
    known.set(event.id, event.at);
    const all = [...known.values()];
    const done = all.reduce((sum, { step }) => sum + step, 0);
    first ??= done;
    const total = Math.round((count / all.length) * all.reduce((sum, { steps = 0 }) => sum + steps, 0));
    const perSecond = (done - first) / ((performance.now() - began) / 1000);
    onEvent({ unit: "questions or rows", done, total, perSecond, secondsLeft: (total - done) / perSecond });
  };
}

/** A path of this machine as others may have it too. */
function absolutePlaces({ model, data }: ShardedWork["input"]["request"]): { model?: string; data?: string } {
  return {
    ...(model !== undefined && existsSync(model) && { model: resolve(model) }),
    ...(data !== undefined && existsSync(data) && { data: isFile(data) ? basename(data) : resolve(data) }),
  };
}

function saved(store: ArtefactStore, folder: string, paths: readonly string[]): Promise<readonly SavedFile[]> {
  return saveFiles(store, INPUTS, {
    folder,
    paths: paths.filter((path) => isFile(join(folder, path))),
    known: new Set(),
  });
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
