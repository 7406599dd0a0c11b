import { closeSync, existsSync, fsyncSync, openSync, writeSync } from "node:fs";
import { mkdir, readdir, readFile, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { type FolderLock, lockFolder, sha256, writeFileDurably } from "@blora/files";
import type { Shard } from "@blora/likelihood";
import { InvalidInputError, type JsonObject } from "@blora/spec";
import type { AnswerStore } from "@blora/trainer";

/** Answers of predictions that go to files, kept until these are written. */
export interface KeptAnswers {
  /** Answers of one split. @throws InvalidInputError where those that are kept are of other settings */
  open(split: string, settings: JsonObject): Promise<AnswerStore>;
  /** Closes what is open; the answers stay. */
  close(): Promise<void>;
  /** Removes the answers, those of shards too: the files are written. */
  remove(): Promise<void>;
}

/** Between the names of a prediction's folder and of a shard. */
const SHARD = ".shard-";

interface Line {
  readonly part: number;
  /** float32, as base64. */
  readonly logits: string;
}

/**
 * Keeps answers beside what they become, for whoever starts the same prediction again after it was killed.
 *
 * @param out path of the file, or of what several files have in common
 * @param files what is to be written
 * @param shard keeps those of one shard, beside those of the others
 * @throws InvalidInputError where one of them is there and no prediction of it was interrupted
 * @throws FolderInUseError where another process writes them now
 */
export async function keepAnswers(out: string, files: readonly string[], shard?: Shard): Promise<KeptAnswers> {
  const whole = join(dirname(resolve(out)), `.partial-${basename(out)}`);
  const folder = shard === undefined ? whole : `${whole}${SHARD}${shard.index + 1}-of-${shard.count}`;
  const found = files.find((file) => existsSync(file));
  if (found !== undefined && !existsSync(whole)) {
    throw new InvalidInputError(`${found}: expected a file that is not there yet, found one. Nothing was written.`);
  }
  await mkdir(folder, { recursive: true });
  const lock: FolderLock = await lockFolder(folder);
  const opened: number[] = [];
  const close = async (): Promise<void> => {
    for (const file of opened.splice(0)) closeSync(file);
    await lock.release();
    // Stays where it holds answers.
    await rmdir(folder).catch(() => undefined);
  };
  return {
    async open(split, settings) {
      const name = `${encodeURIComponent(split)}.jsonl`;
      const path = join(folder, name);
      const first = `${JSON.stringify({ settings: sha256(JSON.stringify(settings)) })}\n`;
      const known = new Map(await partsOfShards(whole, name, first));
      for (const line of await readParts(path, first, out)) known.set(line.part, line);
      await writeFileDurably(path, first + [...known.values()].map(lineOf).join(""));
      const file = openSync(path, "a");
      opened.push(file);
      return {
        known: new Map([...known.values()].map(({ part, logits }) => [part, floatsOf(logits)])),
        append(part, logits) {
          lock.requireHeld();
          const bytes = Buffer.from(logits.buffer, logits.byteOffset, logits.byteLength);
          writeSync(file, lineOf({ part, logits: bytes.toString("base64") }));
          fsyncSync(file);
        },
      };
    },
    close,
    async remove() {
      await close();
      for (const path of [...(await shardFolders(whole)), folder]) await rm(path, { recursive: true, force: true });
    },
  };
}

/** Folders of the shards of a prediction. */
async function shardFolders(whole: string): Promise<string[]> {
  const names = await readdir(dirname(whole)).catch(() => []);
  return names.filter((name) => name.startsWith(basename(whole) + SHARD)).map((name) => join(dirname(whole), name));
}

/** What shards of the same prediction have answered. */
async function partsOfShards(whole: string, name: string, first: string): Promise<Map<number, Line>> {
  const texts = (await shardFolders(whole)).map((folder) => readFile(join(folder, name), "utf8").catch(() => ""));
  const own = (await Promise.all(texts)).filter((text) => text.startsWith(first));
  return new Map(own.flatMap((text) => linesAfter(text, first).map((line) => [line.part, line] as const)));
}

/** Whole lines: what a kill cut off is answered again. */
async function readParts(path: string, first: string, out: string): Promise<Line[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  if (!text.includes("\n")) return [];
  if (text.startsWith(first)) return linesAfter(text, first);
  throw new InvalidInputError(
    `${out}: expected the prediction that was interrupted here, found another: other rows, weights or settings. Remove ${dirname(path)} to begin anew, or name another --out.`,
  );
}

function linesAfter(text: string, first: string): Line[] {
  const lines = text.slice(first.length).split("\n").slice(0, -1);
  return lines.flatMap((line) => parseLine(line) ?? []);
}

function parseLine(line: string): Line | undefined {
  try {
    return JSON.parse(line) as Line;
  } catch {
    return undefined;
  }
}

function lineOf(line: Line): string {
  return `${JSON.stringify(line)}\n`;
}

function floatsOf(text: string): Float32Array {
  const bytes = Buffer.from(text, "base64");
  return new Float32Array(Uint8Array.from(bytes).buffer);
}
