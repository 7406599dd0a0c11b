import { randomUUID } from "node:crypto";
import { readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { lifeOf, ownIdentity, type ProcessIdentity } from "./process-identity.ts";

const PARTIAL = ".partial-";
const REPLACED = ".replaced-";
const SEPARATOR = "~";
/** Letters that tell the starts of machines apart. */
const BOOT_LETTERS = 8;

/**
 * Where what goes to `path` is made first: beside it, so that it moves there in one rename, under a name of this
 * process and call, so that two never share it.
 */
export function partialPath(path: string): string {
  return beside(path, PARTIAL);
}

/** Where what is at `path` waits until what replaces it is there. */
export function replacedPath(path: string): string {
  return beside(path, REPLACED);
}

/**
 * Removes what killed processes left of earlier attempts to make `path`. Where one died between moving what was there
 * away and putting its own in place, what was there is put back.
 */
export async function removeAbandoned(path: string): Promise<void> {
  const own = identityOf(wordsOf(ownIdentity()));
  const names: readonly string[] = await readdir(dirname(resolve(path))).catch(() => []);
  for (const name of names) {
    const owner = ownerOf(name, path);
    if (owner === undefined || lifeOf(owner, own) !== "gone") continue;
    const left = join(dirname(resolve(path)), name);
    if (name.startsWith(REPLACED) && !names.includes(basename(resolve(path)))) {
      await rename(left, path).catch(() => undefined);
    } else await rm(left, { recursive: true, force: true });
  }
}

function beside(path: string, kind: string): string {
  const words = [basename(resolve(path)), ...wordsOf(ownIdentity()), randomUUID().slice(0, 8)];
  return join(dirname(resolve(path)), `${kind}${words.join(SEPARATOR)}`);
}

function wordsOf({ pid, host, boot, namespace, ticks }: ProcessIdentity): string[] {
  const start = boot === undefined ? "" : boot.slice(0, BOOT_LETTERS);
  return [boot === undefined ? host : "", start, (namespace ?? "").replaceAll(/\D/g, ""), `${pid}`, `${ticks ?? ""}`];
}

function identityOf([host = "", boot, namespace, pid, ticks]: readonly string[]): ProcessIdentity {
  return {
    host,
    boot: boot || undefined,
    namespace: namespace || undefined,
    pid: Number(pid),
    ticks: ticks ? Number(ticks) : undefined,
  };
}

/** Who made a folder on the way to `path`; undefined for every other name. */
function ownerOf(name: string, path: string): ProcessIdentity | undefined {
  const stem = [PARTIAL, REPLACED].map((kind) => `${kind}${basename(resolve(path))}${SEPARATOR}`);
  const start = stem.find((prefix) => name.startsWith(prefix));
  const words = start === undefined ? [] : name.slice(start.length).split(SEPARATOR);
  return words.length === wordsOf(ownIdentity()).length + 1 ? identityOf(words) : undefined;
}
