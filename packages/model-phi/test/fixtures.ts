import { readFileSync } from "node:fs";

const FOLDER = new URL("../../../fixtures/causal/", import.meta.url);

/** Folders of the option sets that fixtures/causal/make.py wrote. */
export const optionSets: readonly URL[] = ["phi-2", "phi-float16"].map((name) => new URL(`${name}/`, FOLDER));

/** Folders with classifiers. */
export const classifiers: readonly URL[] = ["phi-classes", "phi-number", "phi-several"].map(
  (name) => new URL(`${name}/`, FOLDER),
);

export function readConfig(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`${name}/config.json`, FOLDER), "utf8"));
}
