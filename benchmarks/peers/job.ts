import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EncodedExample } from "@blora/spec";
import type { HostTensor } from "@blora/tensor";
import { initAdapters, type PreparedRun } from "@blora/trainer";
import { writeSafetensors } from "@blora/weights";

/** Method and options in steps, as both sides understand them. */
export interface PeerMethod {
  readonly name: "lora" | "adalora";
  readonly alpha: number;
  readonly [option: string]: string | number;
}

/**
 * Writes all that is chance or choice in a run, so that another implementation
 * repeats it: rows and batches of every update, and the values training starts from.
 */
export function writeJob(
  folder: string,
  { args, model, train, evaluation, plan }: PreparedRun,
  modelFolder: string,
  method: PeerMethod,
): void {
  const updates = Array.from({ length: plan.totalSteps }, (_, step) => {
    const [batch, ...others] = plan.batchesOf(step);
    if (batch === undefined || others.length > 0) throw new Error("the peer computes one batch an update");
    return { rows: batch.rows, length: batch.length };
  });
  const { head } = model.task;
  const job = {
    model: modelFolder,
    head: head.kind,
    outputs: head.kind === "classification" ? head.labels.length : 1,
    sites: model.sites.map(({ path }) => path),
    method,
    learningRate: args.learningRate,
    warmupSteps: args.warmupSteps ?? Math.ceil(plan.totalSteps * args.warmupRatio),
    betas: [args.adamBeta1, args.adamBeta2],
    epsilon: args.adamEpsilon,
    weightDecay: args.weightDecay,
    maxGradNorm: args.maxGradNorm,
    evalSteps: args.evalSteps ?? plan.stepsPerEpoch,
    stepsPerEpoch: plan.stepsPerEpoch,
    updates,
    train: train.rows.map(plainRow),
    evaluation: evaluation[0]!.rows.map(plainRow),
  };
  const start = new Map<string, HostTensor>(Object.entries(model.freshHead));
  for (const [path, { parameters }] of initAdapters(model, args.seed)) {
    for (const [name, parameter] of Object.entries(parameters)) {
      if (parameter.group !== "frozen") start.set(`${path}/${name}`, parameter);
    }
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "job.json"), JSON.stringify(job));
  writeSafetensors(join(folder, "start.safetensors"), start);
}

function plainRow({ inputIds, tokenTypeIds, label, targets }: EncodedExample) {
  return { ids: inputIds, types: tokenTypeIds, label, targets };
}
