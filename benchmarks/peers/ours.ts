/**
 * Our side of a comparison, in a process of its own so that its memory is its own:
 * writes the job for the peer, then trains the same run.
 *
 *   tsx benchmarks/peers/ours.ts <spec.json>
 */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bops } from "@blora/bops";
import { onnx } from "@blora/engine-onnx";
import { adalora, lora } from "@blora/lora";
import { type GlueTaskName, glue } from "@blora/task-glue";
import { loadTokenizer } from "@blora/tokenizer";
import { prepareRun, type TrainingArgumentsInput, type TrainRun, train } from "@blora/trainer";
import { openCheckpoint } from "@blora/weights";
import { architectureOf } from "../models/architecture-of.ts";
import { type PeerMethod, writeJob } from "./job.ts";
import { noTokenizer, tokenTask } from "./token-task.ts";

export interface PeerSpec {
  readonly model: string;
  /** A GLUE task, or the length of rows of random tokens. */
  readonly task: GlueTaskName | number;
  readonly data: string | undefined;
  readonly method: PeerMethod;
  readonly arguments: TrainingArgumentsInput;
  readonly threads: number;
  /** Of our products with frozen weights; float32 if not given. */
  readonly precision?: "float32" | "int8";
  /** Where job, run and results go. */
  readonly folder: string;
}

export interface OurResult {
  readonly losses: readonly number[];
  readonly seconds: readonly number[];
  readonly tokens: readonly number[];
  readonly best: number;
  readonly last: number;
  readonly metric: string;
  readonly stepsPerEpoch: number;
  readonly paddingShare: number;
  readonly peakRssBytes: number;
  readonly adapterBytes: number;
}

async function main(spec: PeerSpec): Promise<void> {
  const { name, ...options } = spec.method;
  const checkpoint = openCheckpoint(spec.model);
  const losses: number[] = [];
  const seconds: number[] = [];
  const tokens: number[] = [];
  const run: TrainRun = {
    architecture: architectureOf(spec.model),
    checkpoint,
    method: (name === "lora" ? lora : adalora)(options),
    task: typeof spec.task === "number" ? tokenTask(spec.task) : glue({ task: spec.task }),
    tokenizer: typeof spec.task === "number" ? noTokenizer : await loadTokenizer(spec.model),
    costModel: bops(),
    engine: onnx({ threads: spec.threads, precision: spec.precision ?? "float32" }),
    model: spec.model,
    ...(spec.data === undefined ? {} : { data: spec.data }),
    arguments: spec.arguments,
    outputDirectory: join(spec.folder, "run"),
    overwrite: true,
    onEvent(event) {
      if (event.type !== "step") return;
      losses.push(event.loss + (event.penalty ?? 0));
      tokens.push(tokensAt(event.step - 1));
      seconds.push(tokens.at(-1)! / event.tokensPerSecond);
    },
  };
  const prepared = await prepareRun(run);
  writeJob(spec.folder, prepared, spec.model, spec.method);
  const tokensAt = (step: number): number =>
    prepared.plan
      .batchesOf(step)
      .flatMap(({ rows }) => rows)
      .reduce((total, row) => total + prepared.train.rows[row]!.inputIds.length, 0);

  const summary = await train(run);
  await run.engine.release();
  const scoreOf = (record: (typeof summary.metrics)["best"]) =>
    record!.splits[summary.split]!.scores[summary.metric.name]!;
  const result: OurResult = {
    losses,
    seconds,
    tokens,
    metric: summary.metric.name,
    best: scoreOf(summary.metrics.best),
    last: scoreOf(summary.metrics.last),
    stepsPerEpoch: prepared.plan.stepsPerEpoch,
    paddingShare: summary.paddingShare,
    peakRssBytes: summary.peakRssBytes!,
    adapterBytes: statSync(join(spec.folder, "run", "adapter", "adapter_model.safetensors")).size,
  };
  writeFileSync(join(spec.folder, "ours.json"), JSON.stringify(result));
}

await main(JSON.parse(readFileSync(process.argv[2]!, "utf8")) as PeerSpec);
