import { readdirSync, readFileSync } from "node:fs";
import { type ReferenceModel, readReferenceModel } from "@blora/testing";

const FOLDER = new URL("../../../fixtures/deberta-v2/", import.meta.url);

export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, FOLDER), "utf8"));
}

/** Folders of the option sets that fixtures/deberta-v2/make.py wrote. */
export function optionSets(): URL[] {
  const entries = readdirSync(FOLDER, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => new URL(`${name}/`, FOLDER));
}

export function readOptionSet(name: string): ReferenceModel {
  return readReferenceModel(new URL(`${name}/`, FOLDER));
}
