import { join, resolve } from "node:path";
import { makeFolder, writeFileDurably } from "@blora/files";
import { InvalidInputError, type Job, type JsonObject, toJson } from "@blora/spec";
import { chooseConfig, readConfigs } from "../run/config-file.ts";
import { configManifest } from "../run/config-manifest.ts";
import type { RunRequest } from "../run/request.ts";
import type { PlannedRun } from "./plan.ts";
import { plannedRunOf, trainingJob } from "./training-job.ts";

/** Configurations that came with jobs, among the run directories. */
const RECIPES = ".recipes";

/** What a job for other machines says beside what `trainingJob` does. */
interface Remote {
  /** The recipe, for machines that do not have its file. */
  readonly config: JsonObject;
  /** Address of the store, without secrets. */
  readonly store: string;
}

/** A planned run as a job for any machine. */
export async function remoteJob(run: PlannedRun, shared: RunRequest, store: string): Promise<Job> {
  const job = trainingJob(run, shared);
  const config = chooseConfig(run.recipeFile, await readConfigs(run.recipeFile), run.task);
  const remote: Remote = { config: configManifest(config, run.recipeFile), store: absoluteStore(store) };
  return { ...job, manifest: toJson({ ...job.manifest, ...remote }) as JsonObject };
}

/** Address of the store that a job's results go to. */
export function storeAddressOf({ manifest }: Job): string {
  if (typeof manifest.store === "string") return manifest.store;
  throw new InvalidInputError("Expected a job that names its store, found one without. Name one with --store.");
}

/** What a machine has elsewhere than the one that planned a job. */
export type RequestHere = Pick<RunRequest, "data" | "threads" | "offline">;

/** The job with its recipe in a file of this machine. */
export async function jobHere(job: Job, runs: string, request: RequestHere): Promise<Job> {
  const run = plannedRunOf(job);
  const { config } = job.manifest as unknown as Remote;
  const recipeFile = join(resolve(runs), RECIPES, `${run.settingsId}.json`);
  await makeFolder(join(runs, RECIPES));
  await writeFileDurably(recipeFile, `${JSON.stringify(config, null, 2)}\n`);
  const known = Object.entries(request).filter(([, value]) => value !== undefined);
  const manifest = {
    ...job.manifest,
    run: { ...run, recipeFile },
    request: { ...(job.manifest.request as JsonObject), ...Object.fromEntries(known) },
  };
  return { ...job, manifest: toJson(manifest) as JsonObject };
}

/** Address of a store that names its folder wherever it is read. */
export function absoluteStore(store: string): string {
  return store.startsWith("file:") ? `file:${resolve(store.replace(/^file:(\/\/(?=\/))?/, ""))}` : store;
}
