import { readFileSync } from "node:fs";
import { type ReferenceModel, readReferenceModel } from "@blora/testing";

const FOLDER = new URL("../../../fixtures/roberta/", import.meta.url);

export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, FOLDER), "utf8"));
}

/** Folders of the option sets that fixtures/roberta/make.py wrote. */
export const optionSets: readonly URL[] = ["pairs", "regression", "encoder-alone", "tokens", "padding-inside"].map(
  (name) => new URL(`${name}/`, FOLDER),
);

export function readOptionSet(name: string): ReferenceModel {
  return readReferenceModel(new URL(`${name}/`, FOLDER));
}
