/**
 * Steps per second of LoRA in a page, in WebAssembly on one thread and two and on WebGPU, against Node on the same
 * machine, in turn: the built-in model and MiniLM, on rows of random tokens without padding.
 *
 *   npm run bench:browser -- --out benchmarks/results/browser.json
 */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { builtinModelFolder } from "@blora/builtin";
import { onnx } from "@blora/engine-onnx";
import { machine } from "@blora/runs";
import type { Precision } from "@blora/spec";
import { chromiumPath, chromiumVersion } from "../../internal/browser/chromium.ts";
import { runInWorkerOfPage } from "../../internal/browser/worker-page.ts";
import { median } from "../step/measure.ts";
import { type StepTimes, type Training, timeSteps } from "./steps.ts";

const { values } = parseArgs({
  options: {
    minilm: { type: "string", default: join(homedir(), ".cache/blora/models/all-MiniLM-L6-v2") },
    models: { type: "string", default: "builtin,minilm" },
    places: { type: "string", default: "node-1,node-2,wasm-1,wasm-2,webgpu-1" },
    /** Of each place but WebGPU, which computes in float32: float32, int8. */
    precisions: { type: "string", default: "float32" },
    batch: { type: "string", default: "16" },
    length: { type: "string", default: "64" },
    /** Measured steps of a training, and the seconds after which it is enough of them. */
    steps: { type: "string", default: "10" },
    seconds: { type: "string", default: "15" },
    /** Trainings of each place. */
    rounds: { type: "string", default: "3" },
    out: { type: "string" },
  },
});
if (chromiumPath === undefined) throw new Error("expected Chromium, found none: install it, or name it in CHROMIUM");

const MODELS: Readonly<Record<string, { readonly folder: string; readonly architecture: Training["architecture"] }>> = {
  builtin: { folder: builtinModelFolder(), architecture: "deberta-v2" },
  minilm: { folder: values.minilm, architecture: "bert" },
};

interface Case {
  readonly model: string;
  /** `node`, or the provider in a page. */
  readonly place: string;
  readonly threads: number;
  readonly precision: Precision;
}

interface Measured {
  readonly adapter?: string;
  /** Of ONNX Runtime. */
  readonly version?: string;
  /** Absent where there is no WebGPU. */
  readonly times?: StepTimes;
}

const settings: Omit<Training, "architecture"> = {
  batch: Number(values.batch),
  length: Number(values.length),
  steps: Number(values.steps),
  seconds: Number(values.seconds),
};
const rounds = Number(values.rounds);

function trainingOf(model: string): Training {
  return { architecture: MODELS[model]!.architecture, ...settings };
}

async function inNode({ model, threads, precision }: Case): Promise<Measured> {
  const { folder } = MODELS[model]!;
  const names = ["config.json", "model.safetensors"];
  const files = new Map(names.map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]));
  const engine = onnx({ threads, precision });
  const { version } = await engine.describe();
  return { version, times: await timeSteps(engine, files, trainingOf(model)) };
}

function inPage({ model, place, threads, precision }: Case): Promise<Measured> {
  return runInWorkerOfPage<Measured>({
    entry: fileURLToPath(new URL("./page.ts", import.meta.url)),
    parameters: { provider: place, threads: String(threads), precision, training: JSON.stringify(trainingOf(model)) },
    isolated: threads > 1,
    folders: { model: MODELS[model]!.folder },
  });
}

const cases = values.models.split(",").flatMap((model): Case[] =>
  values.places.split(",").flatMap((name): Case[] => {
    const [place, threads] = name.split("-") as [string, string];
    const precisions = place === "webgpu" ? ["float32"] : values.precisions.split(",");
    return precisions.map((precision) => ({
      ...{ model, place, threads: Number(threads), precision: precision as Precision },
    }));
  }),
);
const measured = new Map<Case, Measured[]>(cases.map((each) => [each, []]));
for (let round = 0; round < rounds; round++) {
  for (const [each, all] of measured) {
    const result = await (each.place === "node" ? inNode(each) : inPage(each));
    all.push(result);
    console.error(
      `${each.model} ${each.place} ${each.threads} ${each.precision}: ${result.times?.steps ?? "no WebGPU"}`,
    );
  }
}

/** Median over all steps of all rounds. */
function secondsOf(each: Case): number | undefined {
  const steps = measured.get(each)!.flatMap(({ times }) => times?.steps ?? []);
  return steps.length === 0 ? undefined : median(steps);
}

const results = cases.map((each) => {
  const inNode = cases.find(
    ({ model, place, threads, precision }) =>
      place === "node" && model === each.model && threads === each.threads && precision === each.precision,
  );
  const [seconds, secondsInNode] = [secondsOf(each), inNode && secondsOf(inNode)];
  const all = measured.get(each)!;
  return {
    ...each,
    ...(each.place === "webgpu" && { adapter: all[0]!.adapter ?? null }),
    onnxRuntime: all[0]!.version ?? null,
    stepsPerSecond: seconds === undefined ? null : 1 / seconds,
    timesNode: seconds === undefined || secondsInNode === undefined ? null : seconds / secondsInNode,
    firstStepSeconds: seconds === undefined ? null : median(all.map(({ times }) => times!.firstSeconds)),
  };
});
for (const result of results) console.log(JSON.stringify(result));
if (values.out !== undefined) {
  const report = { ...machine(), browser: chromiumVersion(), method: "lora, rank 8", ...settings, rounds, results };
  await writeFile(values.out, `${JSON.stringify(report, null, 2)}\n`);
}
