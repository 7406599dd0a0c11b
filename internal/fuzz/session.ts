import { mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Coverage } from "./coverage.ts";
import { type Fault, faultOf } from "./laws.ts";
import { mutate } from "./mutate.ts";
import { randomNumbers } from "./random.ts";
import type { Place, Target } from "./target.ts";
import type { Traps } from "./traps.ts";

/** A fault, and the input that shows it. */
export interface Find extends Fault {
  readonly input: Uint8Array;
}

export interface SessionOptions {
  readonly target: Target;
  readonly folder: string;
  readonly seed: number;
  /** Number of the first input. */
  readonly start: number;
  readonly runs: number;
  /** Inputs beside the target's own seeds. */
  readonly corpus: readonly Uint8Array[];
  /** Inputs that reach something new join the corpus; without it they only come from it. */
  readonly coverage?: Coverage;
  readonly traps: Traps;
  /** Told the number of inputs read so far and what is new since it was last told. */
  onProgress(done: number, finds: readonly Find[], added: readonly Uint8Array[]): void;
}

/** File of the input that is being read, for whoever finds the process dead. */
export const CURRENT_INPUT = "current-input";
/** Progress is told once in so many inputs. */
export const BATCH = 256;

/** Reads so many inputs of a target, each made from the seed and its own number. Every fault is found once. */
export async function runSession(options: SessionOptions): Promise<void> {
  const { target, seed, start, runs, coverage } = options;
  const place = makePlace(join(options.folder, target.name));
  await target.setUp?.(place);
  const keep = keeper(join(options.folder, CURRENT_INPUT));
  const known = new Set<string>();
  let finds: Find[] = [];
  const tryInput = async (input: Uint8Array): Promise<void> => {
    keep(input);
    const fault = await faultOf(target, input, place, options.traps);
    if (fault === undefined || known.has(fault.law + fault.place)) return;
    known.add(fault.law + fault.place);
    finds.push({ ...fault, input });
  };
  const corpus = [...target.seeds().map((bytes): Uint8Array => Buffer.from(bytes)), ...options.corpus];
  // The first loads libraries, which no later one does.
  for (const input of corpus.slice(0, 1)) await quietly(target, input, place);
  for (const input of corpus) await tryInput(input);
  coverage?.isNew();
  const material = { corpus, words: target.words ?? [], json: target.json ?? false };
  let added: Uint8Array[] = [];
  for (let number = start; number < start + runs; number++) {
    const input = mutate(material, randomNumbers(seed, number));
    await tryInput(input);
    if (coverage?.isNew()) {
      corpus.push(input);
      added.push(input);
    }
    const done = number - start + 1;
    if (done % BATCH !== 0 && done !== runs) continue;
    options.onProgress(1 + ((done - 1) % BATCH), finds, added);
    [finds, added] = [[], []];
    // What is told is sent, and what nobody waited for fails.
    await setImmediate();
  }
}

/** Inputs that reach the same as all of them do, short ones first. */
export async function smallest(
  target: Target,
  inputs: readonly Uint8Array[],
  folder: string,
  coverage: Coverage,
): Promise<Uint8Array[]> {
  const place = makePlace(join(folder, target.name));
  await target.setUp?.(place);
  const ordered = [...inputs].sort((a, b) => a.length - b.length);
  for (const seed of target.seeds()) await quietly(target, Buffer.from(seed), place);
  coverage.isNew();
  const kept: Uint8Array[] = [];
  for (const input of ordered) {
    await quietly(target, input, place);
    if (coverage.isNew()) kept.push(input);
  }
  return kept;
}

async function quietly(target: Target, input: Uint8Array, place: Place): Promise<void> {
  try {
    await target.read(input, place);
  } catch {
    // What it throws was looked at when it was first read.
  }
}

function keeper(path: string): (input: Uint8Array) => void {
  const file = openSync(path, "w");
  let kept = Buffer.alloc(1 << 16);
  return (input) => {
    if (kept.length < 4 + input.length) kept = Buffer.alloc(4 + input.length);
    kept.writeUInt32LE(input.length);
    kept.set(input, 4);
    writeSync(file, kept, 0, 4 + input.length, 0);
  };
}

function makePlace(folder: string): Place {
  mkdirSync(folder, { recursive: true });
  const at = (name: string): string => join(folder, name);
  return {
    folder,
    at,
    write(name, content) {
      writeFileSync(at(name), content);
      return at(name);
    },
  };
}
