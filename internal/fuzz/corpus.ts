import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../checks/command.ts";

/** Bytes that the kept inputs of one target may take in the repository. */
const MOST_KEPT = 16_000;

const keptFile = (target: string): string => join(root, "internal/fuzz/corpus", `${target}.txt`);
const grownFile = (target: string): string => join(root, ".cache/fuzz", `${target}.txt`);

/** Inputs in base64 that are kept in the repository. */
export const keptCorpus = (target: string): readonly string[] => read(keptFile(target));

/** The inputs that are kept, and those that runs on this machine have added. */
export const grownCorpus = (target: string): readonly string[] => [
  ...new Set([...keptCorpus(target), ...read(grownFile(target))]),
];

export const addToCorpus = (target: string, inputs: readonly string[]): void =>
  write(grownFile(target), [...new Set([...read(grownFile(target)), ...inputs])]);

/** Keeps the first inputs in the repository, as many as its room allows. */
export function keepCorpus(target: string, inputs: readonly string[]): void {
  let room = MOST_KEPT;
  const kept = inputs.filter((input) => {
    room -= input.length;
    return room >= 0;
  });
  if (kept.length > 0) write(keptFile(target), kept);
}

function read(file: string): readonly string[] {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
}

function write(file: string, inputs: readonly string[]): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, inputs.map((input) => `${input}\n`).join(""));
}
