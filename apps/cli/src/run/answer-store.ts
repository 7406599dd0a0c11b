import { closeSync, existsSync, fsyncSync, openSync, writeSync } from "node:fs";
import { mkdir, readFile, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { type FolderLock, lockFolder, sha256, writeFileDurably } from "@blora/files";
import { InvalidInputError, type JsonObject } from "@blora/spec";
import type { AnswerStore } from "@blora/trainer";

/** Answers of predictions that go to files, kept until these are written. */
export interface KeptAnswers {
  /** Answers of one split. @throws InvalidInputError where those that are kept are of other settings */
  open(split: string, settings: JsonObject): Promise<AnswerStore>;
  /** Closes what is open; the answers stay. */
  close(): Promise<void>;
  /** Removes the answers: the files are written. */
  remove(): Promise<void>;
}

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
 * @throws InvalidInputError where one of them is there and no prediction of it was interrupted
 * @throws FolderInUseError where another process writes them now
 */
export async function keepAnswers(out: string, files: readonly string[]): Promise<KeptAnswers> {
  const folder = join(dirname(resolve(out)), `.partial-${basename(out)}`);
  const found = files.find((file) => existsSync(file));
  if (found !== undefined && !existsSync(folder)) {
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
      const path = join(folder, `${encodeURIComponent(split)}.jsonl`);
      const first = `${JSON.stringify({ settings: sha256(JSON.stringify(settings)) })}\n`;
      const known = await readParts(path, first, out);
      await writeFileDurably(path, first + known.map(lineOf).join(""));
      const file = openSync(path, "a");
      opened.push(file);
      return {
        known: known.map(({ logits }) => floatsOf(logits)),
        append(logits) {
          lock.requireHeld();
          const bytes = Buffer.from(logits.buffer, logits.byteOffset, logits.byteLength);
          writeSync(file, lineOf({ part: known.length, logits: bytes.toString("base64") }));
          fsyncSync(file);
          known.push({ part: known.length, logits: "" });
        },
      };
    },
    close,
    async remove() {
      await close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Whole lines that follow each other: what a kill cut off, and what comes after, is answered again. */
async function readParts(path: string, first: string, out: string): Promise<Line[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  if (!text.includes("\n")) return [];
  if (!text.startsWith(first)) {
    throw new InvalidInputError(
      `${out}: expected the prediction that was interrupted here, found another: other rows, weights or settings. Remove ${dirname(path)} to begin anew, or name another --out.`,
    );
  }
  const lines = text.slice(first.length).split("\n").slice(0, -1);
  const parts: Line[] = [];
  for (const line of lines) {
    const read = parseLine(line);
    if (read?.part !== parts.length) break;
    parts.push(read);
  }
  return parts;
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
