/**
 * SmolLM2 fine-tuned on instruction rows that are drawn by seed: LoRA by us and by PEFT on the same rows, batches and
 * starting values, and B-LoRA. Held-out perplexity of each, one line a run; a run that has one is not repeated.
 *
 *   npx tsx benchmarks/smollm2/instruct.ts --model <folder> --python <interpreter> --steps 200
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bops } from "@blora/bops";
import { onnx } from "@blora/engine-onnx";
import { blora, lora } from "@blora/lora";
import { uniform } from "@blora/quantizers";
import type { Method } from "@blora/spec";
import { instruct } from "@blora/task-instruct";
import { loadTokenizer } from "@blora/tokenizer";
import { prepareRun, type TrainRun, train } from "@blora/trainer";
import { openCheckpoint } from "@blora/weights";
import { architectureOf } from "../models/architecture-of.ts";
import { writeJob } from "../peers/job.ts";
import { appendRecord, isMeasured } from "./records.ts";
import { instructionRows } from "./rows.ts";

export interface InstructResult {
  readonly method: string;
  readonly side: "ours" | "PEFT";
  readonly steps: number;
  readonly rows: { readonly train: number; readonly held: number };
  /** Mean loss of the first update, and of the last ten. */
  readonly trainingLoss: { readonly first: number; readonly last: number };
  /** exp of the mean negative log-likelihood of the held-out targets; before training where that was measured. */
  readonly perplexity: { readonly before?: number; readonly after: number };
  /** Share of the bit operations of the same sites as LoRA in 32 bit. */
  readonly share?: number;
}

interface PeerResult {
  readonly versions: Readonly<Record<string, string>>;
  readonly losses: readonly number[];
  readonly evaluations: readonly { readonly step: number; readonly loss: number }[];
}

const { values } = parseArgs({
  options: {
    model: { type: "string" },
    python: { type: "string" },
    threads: { type: "string", default: "2" },
    steps: { type: "string", default: "200" },
    train: { type: "string", default: "400" },
    held: { type: "string", default: "60" },
    "batch-size": { type: "string", default: "4" },
  },
});
const { model, python } = values;
if (model === undefined || python === undefined) throw new Error("expected --model <folder> --python <interpreter>");
const [threads, steps] = [Number(values.threads), Number(values.steps)];
const rows = { train: Number(values.train), held: Number(values.held) };
const RANK = { rank: 8, alpha: 16 } as const;

const data = mkdtempSync(join(tmpdir(), "smollm2-instruct-"));
for (const [split, count, seed] of [
  ["train", rows.train, 1],
  ["validation", rows.held, 2],
] as const) {
  const lines = instructionRows(count, seed).map((row) => JSON.stringify(row));
  writeFileSync(join(data, `${split}.jsonl`), `${lines.join("\n")}\n`);
}
const tokenizer = await loadTokenizer(model);

const engine = onnx({ threads });
if (!isMeasured("instruct", "LoRA")) await measure("LoRA", lora(RANK));
if (!isMeasured("instruct", "LoRA of PEFT")) await measurePeer(lora(RANK));
const quantizer = uniform({ bits: [0, 2, 3, 4, 8] });
if (!isMeasured("instruct", "B-LoRA")) await measure("B-LoRA", blora({ ...RANK, quantizer, bopsTarget: 1 / 32 }));
await engine.release();

function runOf(method: Method, name: string, onLoss: (loss: number) => void): TrainRun {
  return {
    architecture: architectureOf(model!),
    checkpoint: openCheckpoint(model!),
    method,
    task: instruct(),
    tokenizer,
    costModel: bops(),
    engine,
    model: "SmolLM2-135M-Instruct",
    data,
    arguments: {
      learningRate: 1e-3,
      warmupRatio: 0.06,
      maxSteps: steps,
      evalSteps: steps,
      perDeviceTrainBatchSize: Number(values["batch-size"]),
      perDeviceEvalBatchSize: 4,
      maxSeqLength: 64,
      seed: 1,
    },
    outputDirectory: join(data, name),
    onEvent(event) {
      if (event.type === "step") onLoss(event.loss);
    },
  };
}

async function measure(name: string, method: Method): Promise<void> {
  const losses: number[] = [];
  const summary = await train(runOf(method, name, (loss) => losses.push(loss)));
  const { scores } = summary.metrics.last!.splits[summary.split]!;
  const { ratio } = summary.bops;
  report(name, { method: name, side: "ours", losses, perplexity: { after: scores.perplexity! }, share: ratio });
}

async function measurePeer(method: Method): Promise<void> {
  const folder = join(data, "peer");
  const prepared = await prepareRun(runOf(method, "prepared", () => undefined));
  writeJob(folder, prepared, model!, { name: "lora", ...RANK });
  const script = fileURLToPath(new URL("../peers/train.py", import.meta.url));
  execFileSync(python!, [script, folder, String(threads)], { stdio: "inherit" });
  const { losses, evaluations, versions } = JSON.parse(readFileSync(join(folder, "result.json"), "utf8")) as PeerResult;
  const [before, after] = [evaluations[0]!, evaluations.at(-1)!].map(({ loss }) => Math.exp(loss));
  report("LoRA of PEFT", {
    method: "LoRA",
    side: "PEFT",
    losses,
    perplexity: { before: before!, after: after! },
    versions,
  });
}

type Report = Omit<InstructResult, "steps" | "rows" | "trainingLoss"> & {
  readonly losses: readonly number[];
  readonly versions?: Readonly<Record<string, string>>;
};

function report(key: string, { losses, ...rest }: Report): void {
  const last = losses.slice(-10);
  const trainingLoss = { first: losses[0]!, last: last.reduce((total, loss) => total + loss, 0) / last.length };
  const result = { ...rest, steps, rows, trainingLoss };
  console.log(key, JSON.stringify(result));
  appendRecord("instruct", key, result);
}
