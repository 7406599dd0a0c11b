import { readFileSync } from "node:fs";
import { type ReferenceModel, readReferenceModel } from "@blora/testing";

const FOLDER = new URL("../../../fixtures/modernbert/", import.meta.url);

export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, FOLDER), "utf8"));
}

/** Folders of the option sets that fixtures/modernbert/make.py wrote. */
export const optionSets: readonly URL[] = ["local-and-global", "mean-and-biases", "regression", "tokens"].map(
  (name) => new URL(`${name}/`, FOLDER),
);

export function readOptionSet(name: string): ReferenceModel {
  return readReferenceModel(new URL(`${name}/`, FOLDER));
}
