import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "../checks/command.ts";
import { writeTinyQwen2 } from "../tiny-models/tiny-qwen2.ts";
import { run } from "./process.ts";

/** A command of the product, and the folder it runs in a copy of. */
export interface Job {
  readonly name: string;
  readonly args: readonly string[];
  /** Whether standard output is part of the result. */
  readonly prints?: boolean;
}

const SETTINGS = ["maxSteps=12", "saveSteps=2", "evalSteps=4", "maxTrainSamples=48", "maxEvalSamples=32"];
const settings = SETTINGS.flatMap((setting) => ["--set", setting]);
const causal = ["--model", "qwen", "--task", "instruct", "--data", "rows", "--method", "lora", "--threads", "1"];

/** Trains on the tiny language model, eight updates of 40 tokens. */
const trainCausal = ["train", ...causal, "--set", "maxSteps=8", "--set", "saveSteps=2", "--set", "maxSeqLength=40"];
const trainBuiltin = ["train", "--task", "builtin", "--threads", "1", ...settings];

/** Every kind of command that works long enough to be killed, on models that take seconds. Paths are those of a world. */
export const jobs: readonly Job[] = [
  { name: "train", args: [...trainBuiltin, "--method", "blora", "--out", "run"] },
  { name: "train a language model", args: [...trainCausal, "--out", "causal-run"] },
  { name: "evaluate", args: ["eval", "earlier-causal", "--data", "rows", "--threads", "1", "--json"], prints: true },
  {
    name: "evaluate by likelihood",
    args: [
      "eval",
      "--task",
      "mmlu",
      "--model",
      "qwen",
      "--data",
      "mmlu",
      "--shots",
      "0",
      "--subjects",
      "anatomy",
      "--out",
      "answers",
    ],
  },
  {
    name: "sweep",
    args: ["sweep", recipe("tiny"), "--seeds", "2", "--threads", "1", "--runs", "runs", "--out", "results"],
  },
  { name: "merge", args: ["merge", "--adapter", "earlier", "--out", "merged"] },
  { name: "export", args: ["export", "--format", "onnx", "--adapter", "earlier", "--out", "exported"] },
  { name: "publish", args: ["publish", "earlier", "--to", "published"] },
  { name: "predict", args: ["predict", "earlier", "--out", "predictions.csv", "--threads", "1"] },
  {
    name: "generate",
    args: ["generate", "earlier-causal", "--prompt", "hello", "--max-new-tokens", "24", "--threads", "1"],
    prints: true,
  },
];

function recipe(name: string): string {
  return join(root, "apps/cli/test/recipes", `${name}.ts`);
}

/**
 * Makes the folder that every attempt starts from a copy of, once: a model, data, two trained runs.
 *
 * @param place where its copies will stand: an adapter keeps the whole path of its base
 */
export async function makeWorld(folder: string, place: string): Promise<void> {
  if (existsSync(folder)) return;
  rmSync(place, { recursive: true, force: true });
  writeTinyQwen2(join(place, "qwen"), { randomHead: true });
  mkdirSync(join(place, "rows"));
  writeFileSync(join(place, "rows/train.jsonl"), rows(24));
  writeFileSync(join(place, "rows/validation.jsonl"), rows(12));
  mkdirSync(join(place, "mmlu/test"), { recursive: true });
  writeFileSync(join(place, "mmlu/test/anatomy_test.csv"), questions(300));
  for (const args of [
    [...trainBuiltin, "--method", "lora", "--out", "earlier"],
    [...trainCausal, "--out", "earlier-causal"],
  ]) {
    const { status, stderr } = await run(place, args);
    if (status !== 0) throw new Error(`${args.join(" ")}: ${stderr}`);
  }
  renameSync(place, folder);
}

/** A fresh copy of a world, always at the same place: paths are part of some results. */
export function copyWorld(world: string, place: string): void {
  rmSync(place, { recursive: true, force: true });
  cpSync(world, place, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
}

/** The command line as it would be typed, paths of the repository short. */
export function commandLine({ args }: Job): string {
  return ["blora", ...args].map((word) => (word.startsWith(root) ? relative(root, word) : word)).join(" ");
}

function rows(count: number): string {
  return Array.from(
    { length: count },
    (_, row) => `${JSON.stringify({ prompt: `say ${row}`, completion: `${row}!` })}\n`,
  ).join("");
}

function questions(count: number): string {
  return Array.from({ length: count }, (_, row) => `Which is ${row}?,${row},${row + 1},${row + 2},none,A\n`).join("");
}
