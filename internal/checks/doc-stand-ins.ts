import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { SUBJECTS } from "@blora/task-mmlu";
import { writeTinyBert } from "../tiny-models/tiny-bert.ts";
import { writeTinyQwen2 } from "../tiny-models/tiny-qwen2.ts";
import { type CommandResult, root } from "./command.ts";

const COMMIT = "0".repeat(40);

/**
 * Everything the guide's commands take for granted: models and an adapter of the Hub, as its cache holds them, data, a
 * configuration file, two trained runs.
 *
 * @returns the environment that leads there
 */
export async function makeStandIns(
  folder: string,
  blora: (words: readonly string[]) => Promise<CommandResult>,
): Promise<Record<string, string>> {
  const at = (...parts: string[]): string => path.join(folder, ...parts);
  mkdirSync(folder, { recursive: true });
  for (const name of ["recipes", "examples"]) symlinkSync(path.join(root, name), at(name));
  cpSync(path.join(root, "examples/own-data/reviews.csv"), at("reviews.csv"));
  const builtin = path.join(root, "packages/builtin/model");
  cacheOf(folder, "microsoft/deberta-v3-base", (snapshot) => cpSync(builtin, snapshot, { recursive: true }));
  cacheOf(folder, "microsoft/phi-2", (snapshot) =>
    cpSync(path.join(root, "fixtures/causal/phi-2"), snapshot, { recursive: true }),
  );
  cacheOf(folder, "Qwen/Qwen2.5-0.5B", (snapshot) => writeTinyQwen2(snapshot, { randomHead: true }));
  cacheOf(folder, "sentence-transformers/all-MiniLM-L6-v2", (snapshot) => writeTinyBert(snapshot));
  for (const task of ["CoLA", "SST-2", "MRPC", "STS-B", "RTE"]) writeRows(at("glue", task), glueRow);
  for (const name of ["data", "mine"]) writeRows(at(name), instructionRow);
  writeQuestions(at("mmlu"));
  writeFileSync(at("blora.config.ts"), configurationFile());
  const train = ["train", "--set", "maxSteps=2", "--threads", "1", "--method", "lora"];
  const prepared = [
    [...train, "--task", "sst2", "--data", at("glue"), "--out", at("runs/sst2")],
    [...train, "--task", "sst2", "--data", at("glue"), "--out", at("runs/sweep/rte-lora-1")],
    [...train, "--task", "instruct", "--model", snapshotOf(folder, "Qwen/Qwen2.5-0.5B"), "--data", at("data")].concat([
      "--set",
      "maxSeqLength=64",
      "--out",
      at("runs/my-adapter"),
    ]),
  ];
  for (const words of prepared) {
    const { ok, output } = await blora(words);
    if (!ok) throw new Error(`blora ${words.join(" ")}\n${output}`);
  }
  cacheOf(folder, "org/sst2-blora", (snapshot) => cpSync(at("runs/sst2/adapter"), snapshot, { recursive: true }));
  return { HF_HUB_CACHE: at("hub"), HF_HUB_OFFLINE: "1", HF_TOKEN: "hf_none" };
}

function snapshotOf(folder: string, id: string): string {
  return path.join(folder, "hub", `models--${id.replaceAll("/", "--")}`, "snapshots", COMMIT);
}

/** A repository in the Hub's cache, at its main branch and at v1.0. */
function cacheOf(folder: string, id: string, write: (snapshot: string) => void): void {
  const snapshot = snapshotOf(folder, id);
  const references = path.join(snapshot, "../../refs");
  for (const made of [snapshot, references]) mkdirSync(made, { recursive: true });
  for (const name of ["main", "v1.0"]) writeFileSync(path.join(references, name), COMMIT);
  write(snapshot);
}

function writeRows(folder: string, row: (index: number) => object): void {
  mkdirSync(folder, { recursive: true });
  for (const [split, count] of [
    ["train", 40],
    ["validation", 8],
  ] as const) {
    const lines = Array.from({ length: count }, (_, index) => `${JSON.stringify(row(index))}\n`);
    writeFileSync(path.join(folder, `${split}.jsonl`), lines.join(""));
  }
}

function glueRow(index: number): object {
  const text = `a sentence of ${index} words`;
  return { sentence: text, sentence1: text, sentence2: "another", label: index % 2, idx: index };
}

function instructionRow(index: number): object {
  return { prompt: `say ${index}`, completion: `${index}!` };
}

function writeQuestions(folder: string): void {
  for (const split of ["test", "dev"]) {
    mkdirSync(path.join(folder, split), { recursive: true });
    const rows = Array.from({ length: 5 }, (_, row) => `Which is ${row}?,${row},${row + 1},${row + 2},none,A\n`);
    for (const subject of Object.keys(SUBJECTS)) {
      writeFileSync(path.join(folder, split, `${subject}_${split}.csv`), rows.join(""));
    }
  }
}

/** The one the quick start shows. */
function configurationFile(): string {
  const page = readFileSync(path.join(root, "docs/guide/quick-start.md"), "utf8");
  return [...page.matchAll(/^```ts\n(.*?)^```/gms)]
    .map(([, text]) => text!)
    .find((text) => text.includes("defineConfig"))!;
}
