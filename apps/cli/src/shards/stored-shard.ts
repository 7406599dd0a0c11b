import { readdir, rm } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { fetchFiles, saveFiles } from "@blora/artefacts";
import { LOCK_FILE, makeFolder } from "@blora/files";
import { type ArtefactStore, type JobRun, type JsonObject, onceInStore, toJson } from "@blora/spec";
import type { EvaluationProgress } from "../output/evaluation-line.ts";
import type { RunRequest } from "../run/request.ts";
import { faultOf, WorkerFault } from "../sweep/stored-run.ts";
import { answersPlace, INPUTS, type RemoteShard, remoteShardOf } from "./remote-shards.ts";
import { contentOf } from "./shard-content.ts";
import { shardRun } from "./shard-jobs.ts";
import { slashed } from "./slashed.ts";

export interface StoredShardOptions {
  /** Folder of the run directories; a shard's answers are below it until the store has them. */
  readonly runs: string;
  /** What this machine has elsewhere than the one that asks. */
  readonly request: Pick<RunRequest, "data" | "offline">;
  onEvent(event: EvaluationProgress): void;
  /** Told what keeps this machine from answering any shard; the job is given back. */
  onFault(fault: WorkerFault): void;
}

const SHARDS = ".shards";

/** Answers a shard with its adapter and rows from a store, which gets the answers. */
export function storedShard(store: ArtefactStore, options: StoredShardOptions): JobRun {
  return onceInStore(store, async (job, lease) => {
    const folder = resolve(options.runs, SHARDS, job.id);
    const answers = join(folder, "answers");
    const remote = remoteShardOf(job);
    try {
      await makeFolder(answers);
      const input = { ...(await inputHere(store, remote, folder, options.request)), out: join(answers, remote.name) };
      await requireSameContent(remote, input);
      const { work, shard } = remote;
      const here = { ...job, manifest: toJson({ work, input, shard }) as JsonObject };
      const result = await shardRun(options.onEvent, () => undefined)(here, lease);
      if (result.status !== "done") return result;
      const files = await saveFiles(store, answersPlace(job.id), {
        folder: answers,
        paths: await filesBelow(answers),
        known: new Set(),
      });
      await rm(folder, { recursive: true });
      return { status: "done", record: toJson({ files }) as JsonObject };
    } catch (error) {
      const fault = faultOf(error);
      if (fault === undefined) throw error;
      options.onFault(fault);
      return { status: "released" };
    }
  });
}

/** The input with what the store has of it in files of this machine. */
async function inputHere(
  store: ArtefactStore,
  { input, adapterFiles, dataFile }: RemoteShard,
  folder: string,
  here: StoredShardOptions["request"],
): Promise<RemoteShard["input"]> {
  const [adapter, rows] = [join(folder, "adapter"), join(folder, "rows")];
  if (adapterFiles !== null) await fetchFiles(store, INPUTS, { folder: adapter, files: adapterFiles });
  if (dataFile !== null) await fetchFiles(store, INPUTS, { folder: rows, files: [dataFile] });
  const known = Object.entries(here).filter(([, value]) => value !== undefined);
  return {
    ...input,
    ...(adapterFiles !== null && { adapter }),
    request: {
      ...input.request,
      ...Object.fromEntries(known),
      ...(dataFile !== null && { data: join(rows, dataFile.path) }),
    },
  } as RemoteShard["input"];
}

async function requireSameContent({ content }: RemoteShard, input: RemoteShard["input"]): Promise<void> {
  const found = await contentOf(input.request, input.adapter);
  if (found.modelSha256 === content.modelSha256 && found.dataSha256 === content.dataSha256) return;
  const what = found.modelSha256 === content.modelSha256 ? "data" : "weights";
  throw new WorkerFault(
    `Expected the ${what} that the shards were made for, found others on this machine. Its jobs are left to other workers.`,
  );
}

/** Relative to the folder, but locks. */
async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name !== LOCK_FILE)
    .map(({ parentPath, name }) => slashed(relative(folder, join(parentPath, name))))
    .sort();
}
