import { freemem, totalmem } from "node:os";
import { bops } from "@blora/bops";
import { inFolder, weightsFormat } from "@blora/files";
import { readModelConfig } from "@blora/hub";
import { NotFoundError, type Precision } from "@blora/spec";
import type { ModelPlan, PlannedStep } from "@blora/trainer";
import { type Checkpoint, openCheckpoint, requireUnquantized } from "@blora/weights";
import { architectureFor } from "../run/open-run.ts";
import { planRun } from "../run/planned-model.ts";
import type { RunRequest } from "../run/request.ts";
import { resolveRun } from "../run/resolve.ts";

const GIBIBYTE = 2 ** 30;
const FORMAT_NAMES = { f32: "float32", f16: "float16", bf16: "bfloat16" } as const;

/** What `blora doctor --model` found. */
export interface ModelDiagnosis extends ModelPlan {
  readonly model: string;
  readonly modelType: string;
  /** Whether storage formats were read from the weights rather than from `config.json`. */
  readonly hasWeights: boolean;
  /** Rows that are computed together. */
  readonly batchSize: number;
  readonly length: number;
  /** What products with frozen weights are computed in. */
  readonly precision: Precision;
  readonly totalMemoryBytes: number;
  readonly freeMemoryBytes: number;
}

/**
 * Plans a model on this machine. Its weights need not be here: of a Hub model
 * that is not in the cache only `config.json` is read.
 */
export async function diagnoseModel(id: string, request: RunRequest): Promise<ModelDiagnosis> {
  const { registry, method, engine, offline, revision, ...run } = await resolveRun({ ...request, model: id });
  const { config, folder } = await readModelConfig(id, {
    ...(offline === undefined ? {} : { offline }),
    ...(revision === undefined ? {} : { revision }),
  });
  requireUnquantized(config, folder ?? id);
  const architecture = architectureFor(config, folder ?? id, registry);
  const checkpoint = folder === undefined ? undefined : weightsIn(folder);
  const { plan, batchSize, length } = planRun({
    ...{ architecture, method, engine, config, checkpoint },
    costModel: bops(),
    arguments: run.arguments,
  });
  const { precision = "float32" } = await engine.describe();
  return {
    ...plan,
    model: id,
    modelType: String(config.model_type),
    hasWeights: checkpoint !== undefined,
    batchSize,
    length,
    precision,
    totalMemoryBytes: totalmem(),
    freeMemoryBytes: freemem(),
  };
}

/** Undefined where a folder holds no weights whose formats can be read without unpacking them. */
function weightsIn(folder: string): Checkpoint | undefined {
  try {
    return openCheckpoint(folder);
  } catch (error) {
    if (NotFoundError.isInstance(error) || weightsFormat(inFolder(folder)) === "pytorch") return undefined;
    throw error;
  }
}

/** The diagnosis as lines for a terminal. */
export function modelLines(diagnosis: ModelDiagnosis): string[] {
  const { model, modelType, tensors, trainableParameters, storedBytes, batchSize, length, hasWeights } = diagnosis;
  const parameters = tensors.reduce((total, { size }) => total + size, 0);
  const origin = hasWeights ? "in its files" : "as config.json says; the weights are not here";
  const line = (name: string, detail: string) => `${name.padEnd(20)}${detail}`;
  return [
    line("model", `${model} (${modelType})`),
    line("parameters", `${count(parameters)}, ${gibibytes(storedBytes)} ${origin}`),
    line("trained", `${count(trainableParameters)} in float32`),
    ...precisionOf(diagnosis).map((detail, index) => line(index === 0 ? "precision" : "", detail)),
    line("pass", `${batchSize} rows of ${length} tokens`),
    line("train", stepText(diagnosis.train, diagnosis)),
    line("evaluate", stepText(diagnosis.evaluate, diagnosis)),
    ...advice(diagnosis),
  ];
}

/** Tensors by what becomes of them: their format in files, and the one they are computed in. */
function precisionOf({ tensors, precision }: ModelDiagnosis): string[] {
  const groups = new Map<string, { tensors: number; parameters: number }>();
  for (const { size, storage, adapted } of tensors) {
    const products = precision === "float32" ? "float32 in products" : `products of matrices in ${precision}`;
    const kind = `${FORMAT_NAMES[storage]} in files, ${products}${adapted ? ", adapted" : ""}`;
    const group = groups.get(kind) ?? { tensors: 0, parameters: 0 };
    groups.set(kind, { tensors: group.tensors + 1, parameters: group.parameters + size });
  }
  return [...groups].map(([kind, group]) => `${kind}: ${group.tensors} tensors, ${count(group.parameters)}`);
}

function stepText(step: PlannedStep, { storedBytes, totalMemoryBytes, freeMemoryBytes }: ModelDiagnosis): string {
  const operations = `${(step.macs / 1e12).toFixed(2)} T multiply-accumulates`;
  const parts = `${gibibytes(storedBytes)} mapped and ${gibibytes(step.totalBytes - storedBytes)} of its own`;
  return `${verdict(step.totalBytes, totalMemoryBytes, freeMemoryBytes)}: about ${gibibytes(step.totalBytes)} (${parts}), ${operations} a step`;
}

function verdict(bytes: number, total: number, free: number): string {
  if (bytes <= free) return "fits";
  return bytes <= total ? "fits once memory is free" : "does not fit";
}

function advice({ train, totalMemoryBytes, freeMemoryBytes, batchSize, length }: ModelDiagnosis): string[] {
  const machine = `${"this machine".padEnd(20)}${gibibytes(totalMemoryBytes)}, ${gibibytes(freeMemoryBytes)} free`;
  if (train.totalBytes <= totalMemoryBytes) return [machine];
  const smaller = [
    ...(batchSize > 1 ? [`--set maxTokensPerPass=${length}`] : []),
    "--set gradientCheckpointing=true",
    ...(length > 128 ? [`--set maxSeqLength=${Math.max(128, length / 2)}`] : []),
    '--set targets=\'["query","value"]\'',
  ];
  return [machine, `${"try".padEnd(20)}${smaller.join(" ")}`];
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}

function gibibytes(bytes: number): string {
  return `${(bytes / GIBIBYTE).toFixed(1)} GiB`;
}
