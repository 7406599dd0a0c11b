import { readFileSync } from "node:fs";

const FOLDER = new URL("../../../fixtures/causal/", import.meta.url);

/** Folders of the option sets that fixtures/causal/make.py wrote. */
export const optionSets: readonly URL[] = ["qwen2.5", "qwen1.5-untied-bfloat16", "qwen3-shards", "qwen3-biases"].map(
  (name) => new URL(`${name}/`, FOLDER),
);

/** Folders with classifiers. */
export const classifiers: readonly URL[] = [
  "qwen2-classes",
  "qwen2-several",
  "qwen2-no-padding",
  "qwen2-tokens",
  "qwen3-classes",
].map((name) => new URL(`${name}/`, FOLDER));

export function readConfig(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`${name}/config.json`, FOLDER), "utf8"));
}
