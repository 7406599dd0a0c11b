import type { Architecture, FrozenTensor, JsonObject } from "@blora/spec";
import {
  type ModelPlan,
  type PlanParts,
  parseTrainingArguments,
  passesOf,
  planModel,
  type TrainingArgumentsInput,
} from "@blora/trainer";
import type { Checkpoint } from "@blora/weights";

/** A model that training arguments are planned for. */
export interface ModelToPlan extends Pick<PlanParts, "architecture" | "method" | "costModel" | "engine" | "config"> {
  /** Undefined where its weights are not here. */
  readonly checkpoint: Pick<Checkpoint, "tensors" | "frozen"> | undefined;
  readonly arguments?: TrainingArgumentsInput | undefined;
}

export interface PlannedModel {
  readonly plan: ModelPlan;
  /** Rows that are computed together. */
  readonly batchSize: number;
  readonly length: number;
}

const DECLARED: Readonly<Record<string, FrozenTensor["storage"]>> = {
  float32: "f32",
  float16: "f16",
  bfloat16: "bf16",
};

/** Plans a pass of a run over its longest rows. A weight that its files lack is stored as `config.json` says. */
export function planRun({ checkpoint, arguments: given = {}, ...parts }: ModelToPlan): PlannedModel {
  const { architecture, config } = parts;
  const { maxSeqLength, perDeviceTrainBatchSize, maxTokensPerPass, gradientCheckpointing, targets } =
    parseTrainingArguments(given);
  const length = Math.min(maxSeqLength, architecture.maxLength(architecture.parseConfig(config)));
  const passes = passesOf({ size: perDeviceTrainBatchSize, length }, maxTokensPerPass);
  const batchSize = Math.ceil(perDeviceTrainBatchSize / passes);
  const plan = planModel({
    ...{ ...parts, batchSize, length, gradientCheckpointing },
    storageOf: (name) => storedAs(name, architecture, checkpoint) ?? declared(config),
    ...(targets === undefined ? {} : { targets }),
  });
  return { plan, batchSize, length };
}

/** Of a weight under any name that checkpoints of its family have it by. */
function storedAs(
  name: string,
  { aliases }: Architecture,
  checkpoint: ModelToPlan["checkpoint"],
): FrozenTensor["storage"] | undefined {
  const found = [name, ...(aliases?.(name) ?? [])].find((candidate) => checkpoint?.tensors.has(candidate));
  return found === undefined ? undefined : checkpoint!.frozen(found).storage;
}

function declared({ torch_dtype, dtype = torch_dtype }: JsonObject): FrozenTensor["storage"] {
  return DECLARED[String(dtype)] ?? "f32";
}
