import { readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { makeFolder, sha256, writeFileDurably } from "@blora/files";
import {
  type ArrayOptions,
  type JobList,
  kubernetesJob,
  parseJobList,
  shellCommands,
  slurmScript,
  writeJobList,
} from "@blora/jobs-array";
import { NotFoundError, shellWord, toJson } from "@blora/spec";
import type { Command } from "commander";
import { refuseIdle } from "../commands/idle-flags.ts";
import { positiveInteger } from "../commands/number-flags.ts";
import { UsageError } from "../exit.ts";

/** Who starts the processes of a list of jobs. */
export const ARRAYS = ["slurm", "kubernetes", "xargs"] as const;

export type ArrayKind = (typeof ARRAYS)[number];

/** What all jobs of a sweep's list have in common. */
export interface SweepSettings {
  readonly runs: string;
  readonly title: string;
  readonly reference: string;
}

export interface ArrayFlags {
  /** Words, with one space between each. */
  readonly command: string;
  readonly atOnce: number;
  readonly image?: string;
  readonly claim?: string;
}

export function addArrayFlags(command: Command): Command {
  return command
    .option("--at-once <count>", "on: processes at once", positiveInteger, 8)
    .option("--command <words>", "on: how the command line is called there", parseWords, "npx blora")
    .option("--image <name>", "on kubernetes: container image with Node and this package")
    .option("--claim <name>", "on kubernetes: persistent volume claim that holds the working folder");
}

/** @throws UsageError where there is none */
function parseWords(text: string): string {
  const words = text.trim().replaceAll(/\s+/g, " ");
  if (words !== "") return words;
  throw new UsageError("--command: expected the words of a command, such as npx blora, found none.");
}

/** @throws UsageError for a flag of a list of jobs where none is written, or one of another kind */
export function requireArray(command: Command, on: string | undefined): void {
  const isArray = (ARRAYS as readonly (string | undefined)[]).includes(on);
  const found = on === undefined || on === "local" ? "none" : isArray ? `--on ${on}` : "a queue";
  const lists = `--on ${ARRAYS.join(", ")}`;
  if (!isArray) refuseIdle(command, ["atOnce", "command"], { expected: `a list of jobs, ${lists}`, found });
  if (on !== "kubernetes") refuseIdle(command, ["image", "claim"], { expected: "--on kubernetes", found });
}

export const LIST_FILE = "jobs.json";

const ID_LENGTH = 8;
/** Of 63 characters, 8 are of the list, and as many are left for a pod's. */
const NAME_LENGTH = 40;

/** Writes the list of jobs and what starts them into a folder. @returns how to start them, for people */
export async function writeArray(
  on: ArrayKind,
  out: string,
  { about, jobs }: { readonly about: object; readonly jobs: JobList["jobs"] },
  flags: ArrayFlags,
): Promise<string> {
  const text = writeJobList({ about: toJson(about) as JobList["about"], jobs });
  const id = sha256(text).slice(0, ID_LENGTH);
  const list = join(out, LIST_FILE);
  // Processes that wait for their turn find their own jobs there, also where another list is written meanwhile.
  const own = join(out, `${basename(LIST_FILE, ".json")}-${id}.json`);
  const options: ArrayOptions = {
    name: nameOf(out, id),
    jobs,
    command: [...flags.command.split(" "), "job"],
    rest: ["--list", own],
    folder: process.cwd(),
    atOnce: flags.atOnce,
  };
  const { file, content, start } = scriptOf(on, out, options, flags);
  await makeFolder(out);
  await writeFileDurably(own, text);
  await writeFileDurably(list, text);
  await writeFileDurably(file, content);
  return `${jobs.length} jobs in ${list}\nstart them:    ${start}\n`;
}

/** As Kubernetes takes it, with room for the number of a pod behind it; lists of one folder have names of their own. */
function nameOf(out: string, id: string): string {
  const words = basename(resolve(out))
    .toLowerCase()
    .match(/[a-z0-9]+/g);
  const name = ["blora", ...(words ?? [])].join("-").slice(0, NAME_LENGTH).replace(/-$/, "");
  return `${name}-${id}`;
}

interface Script {
  readonly file: string;
  readonly content: string;
  readonly start: string;
}

function scriptOf(on: ArrayKind, out: string, options: ArrayOptions, { image, claim }: ArrayFlags): Script {
  if (on === "slurm") {
    const file = join(out, "jobs.slurm");
    return { file, content: slurmScript(options, out), start: `sbatch ${shellWord(file)}` };
  }
  if (on === "xargs") {
    const file = join(out, "jobs.txt");
    const start = `tr '\\n' '\\0' < ${shellWord(file)} | xargs -0 -n 1 -P ${options.atOnce} sh -c`;
    return { file, content: shellCommands(options), start };
  }
  if (image === undefined || claim === undefined) {
    throw new UsageError("--on kubernetes: expected --image and --claim, for its pods and the volume they share.");
  }
  const file = join(out, "jobs.kubernetes.json");
  return { file, content: kubernetesJob({ ...options, image, claim }), start: `kubectl apply -f ${shellWord(file)}` };
}

/** What a path is that holds no list. */
const NO_LIST: Readonly<Record<string, string>> = { ENOENT: "nothing", ENOTDIR: "nothing", EISDIR: "a folder" };

/**
 * @throws NotFoundError where there is no file
 * @throws InvalidInputError for a file that `writeArray` did not write
 */
export async function readArray(file: string): Promise<JobList & { readonly about: SweepSettings }> {
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    const found = NO_LIST[cause.code ?? ""];
    if (found === undefined) throw cause;
    throw new NotFoundError(
      `${file}: expected the list of jobs that --on ${ARRAYS.join(", ")} writes into --out as ${LIST_FILE}, found ${found}.`,
      { cause },
    );
  });
  const { about, jobs } = parseJobList(bytes, file);
  return { about: about as JobList["about"] & SweepSettings, jobs };
}
