import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ArtefactStore } from "@blora/spec";
import { differences, meaningOf, type Snapshot } from "./snapshot.ts";

/** Folders of a sweep. */
export interface SweepFolders {
  readonly runs: string;
  readonly out: string;
}

/** Every way in which a sweep by workers did not end as the same in turn, each run once. */
export async function faultsOf(sweep: SweepFolders, store: ArtefactStore, inTurn: SweepFolders): Promise<string[]> {
  const names = namesOf(inTurn.out);
  return [...recordFaults(sweep, names), ...runFaults(sweep, inTurn, names), ...(await storeFaults(store, names))];
}

/** Names of the runs that a results folder has a record of. */
export function namesOf(out: string): readonly string[] {
  return readdirSync(join(out, "runs"))
    .filter((file) => /^[^.].*\.json$/.test(file))
    .map((file) => file.replace(/\.json$/, ""))
    .sort();
}

interface Table {
  readonly rows: readonly { readonly recipe: string; readonly seeds: readonly { readonly seed: number }[] }[];
  readonly failures: readonly { readonly error: string }[];
}

/** Each run has one record, and is in the table once. */
function recordFaults({ out }: SweepFolders, names: readonly string[]): string[] {
  const found = namesOf(out);
  const { rows, failures } = JSON.parse(readFileSync(join(out, "results.json"), "utf8")) as Table;
  const inTable = rows.flatMap(({ recipe, seeds }) => seeds.map(({ seed }) => `${recipe} ${seed}`));
  return [
    ...missing("a record", names, found),
    ...missing("no record", found, names),
    ...failures.map(({ error }) => `failed: ${error}`),
    ...(inTable.length === names.length ? [] : [`${inTable.length} of ${names.length} runs in the table`]),
    ...(new Set(inTable).size === inTable.length ? [] : [`twice in the table: ${inTable.join(", ")}`]),
  ];
}

/** Adapters are the same to the last bit, as all but text is, and text says the same. */
function runFaults({ runs }: SweepFolders, inTurn: SweepFolders, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const [expected, found] = [inTurn.runs, runs].map((folder) => filesOf(join(folder, name)));
    return differences(expected!, found!).map((fault) => `${name}: ${fault}`);
  });
}

/** Of a run directory, without checkpoints; of none, none. */
function filesOf(folder: string): Snapshot {
  const files = existsSync(folder) ? meaningOf(folder) : new Map<string, string>();
  return new Map([...files].filter(([path]) => !/^checkpoint-/.test(path)));
}

/** One record for each run, the files of its result, and nothing that only served to make them. */
async function storeFaults(store: ArtefactStore, names: readonly string[]): Promise<string[]> {
  const records: string[] = [];
  const others: string[] = [];
  for await (const { key } of store.list("")) {
    if (key.startsWith("records/")) records.push(key);
    else if (!/^runs\/[^/]+\/result\//.test(key)) others.push(key);
  }
  return [
    ...(records.length === names.length ? [] : [`${records.length} records in the store for ${names.length} runs`]),
    ...others.map((key) => `${key} is left over in the store`),
  ];
}

function missing(what: string, expected: readonly string[], found: readonly string[]): string[] {
  return expected.filter((name) => !found.includes(name)).map((name) => `expected ${what} of ${name}`);
}
