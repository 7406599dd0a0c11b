import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { flush, sha256OfFile, writeFileDurably, writeFolderDurably } from "@blora/files";
import { InvalidInputError, isJsonRecord, textOfJson } from "@blora/spec";
import { z } from "zod";
import { namesIn } from "./names-in.ts";

/** Written last: a checkpoint without it is not one. */
export const CHECKPOINT_MARKER = "complete.json";

/** Of everything in a checkpoint; one of another version is refused. */
const FORMAT_VERSION = 2;

const markerSchema = z.looseObject({
  formatVersion: z.literal(FORMAT_VERSION),
  step: z.number(),
  /** Size and SHA-256 of every other file. */
  files: z.record(z.string(), z.looseObject({ bytes: z.number(), sha256: z.string() })),
});
type Marker = z.infer<typeof markerSchema>;

export interface FoundCheckpoint {
  readonly folder: string;
  readonly step: number;
}

export function checkpointFolder(runFolder: string, step: number): string {
  return join(runFolder, `checkpoint-${step}`);
}

/** Writes `checkpoint-<step>/`: aside, flushed, marker last, renamed into place. */
export async function writeCheckpoint(
  runFolder: string,
  step: number,
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const path = checkpointFolder(runFolder, step);
  await writeFolderDurably(path, async (folder) => {
    await fill(folder);
    const files: Record<string, Marker["files"][string]> = {};
    for (const name of (await readdir(folder)).sort()) {
      await flush(join(folder, name));
      files[name] = { bytes: (await stat(join(folder, name))).size, sha256: await sha256OfFile(join(folder, name)) };
    }
    const marker: Marker = { formatVersion: FORMAT_VERSION, step, files };
    await writeFileDurably(join(folder, CHECKPOINT_MARKER), `${JSON.stringify(marker, null, 2)}\n`);
  });
  return path;
}

/** Every `checkpoint-<step>` folder of a run, complete or not, newest first. */
export async function listCheckpoints(runFolder: string): Promise<FoundCheckpoint[]> {
  const names = await namesIn(runFolder);
  return names
    .flatMap((name) => {
      const step = /^checkpoint-(\d+)$/.exec(name)?.[1];
      return step === undefined ? [] : [{ folder: join(runFolder, name), step: Number(step) }];
    })
    .sort((a, b) => b.step - a.step);
}

/**
 * What is wrong with a checkpoint, or nothing. `incomplete` ones were cut off while being written.
 *
 * @throws InvalidInputError for a checkpoint of another format
 */
export async function checkpointDefect(
  folder: string,
): Promise<{ readonly kind: "incomplete" | "damaged"; readonly message: string } | undefined> {
  const text = await readFile(join(folder, CHECKPOINT_MARKER), "utf8").catch(() => undefined);
  if (text === undefined) return { kind: "incomplete", message: `${CHECKPOINT_MARKER} is missing` };
  const content = parsedJson(text);
  if (content === undefined) return { kind: "damaged", message: `${CHECKPOINT_MARKER} is not JSON` };
  if (isJsonRecord(content) && content.formatVersion !== FORMAT_VERSION) {
    throw new InvalidInputError(
      `${folder}: expected a checkpoint of format ${FORMAT_VERSION}, found format ${textOfJson(content.formatVersion)}, which another version of @blora/trainer wrote. Resume with that version, or start anew with overwrite.`,
    );
  }
  const marker = markerSchema.safeParse(content);
  if (!marker.success) return { kind: "damaged", message: `${CHECKPOINT_MARKER} does not list files` };
  for (const [name, { bytes, sha256: expected }] of Object.entries(marker.data.files)) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found === undefined) return { kind: "damaged", message: `${name} is missing` };
    if (found.size !== bytes)
      return { kind: "damaged", message: `${name} has ${found.size} bytes instead of ${bytes}` };
    if ((await sha256OfFile(join(folder, name))) !== expected) {
      return { kind: "damaged", message: `${name} does not match its SHA-256` };
    }
  }
  return undefined;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The newest checkpoint whose files are whole. Broken ones are passed over and
 * reported; undefined where none was ever finished.
 *
 * @throws InvalidInputError where finished checkpoints exist and all are damaged, or
 *   one has another format: starting afresh would silently throw work away
 */
export async function newestCheckpoint(
  runFolder: string,
  onSkip: (message: string) => void,
): Promise<FoundCheckpoint | undefined> {
  const damaged: string[] = [];
  for (const checkpoint of await listCheckpoints(runFolder)) {
    const defect = await checkpointDefect(checkpoint.folder);
    if (defect === undefined) return checkpoint;
    if (defect.kind === "damaged") damaged.push(`${checkpoint.folder}: ${defect.message}`);
    onSkip(`Passing over ${checkpoint.folder}, which is ${defect.kind}: ${defect.message}.`);
  }
  if (damaged.length === 0) return undefined;
  throw new InvalidInputError(
    `Expected a whole checkpoint to resume from, found only damaged ones (${damaged.join("; ")}). Restore one, or start anew with overwrite.`,
  );
}

/** Removes all but the newest `keep` checkpoints, markers first so that a half-removed one is not taken for whole. */
export async function pruneCheckpoints(runFolder: string, keep: number): Promise<void> {
  for (const { folder } of (await listCheckpoints(runFolder)).slice(keep)) {
    await rm(join(folder, CHECKPOINT_MARKER), { force: true });
    await rm(folder, { recursive: true, force: true });
  }
}
