import { bindNetwork, openNetwork } from "@blora/network";
import {
  type Adapter,
  type Architecture,
  type CostModel,
  type Engine,
  type FrozenTensor,
  type Head,
  InvalidInputError,
  type JsonObject,
  type LabelTask,
  type Method,
  type StepPlan,
} from "@blora/spec";
import { ops, sizeOf, softmaxCrossEntropy } from "@blora/tensor";
import type { Checkpoint, CheckpointTensor } from "@blora/weights";
import { plannedMemory, storedBytes } from "./memory.ts";
import { labelObjective } from "./objective/label-objective.ts";
import { likelihoodObjective } from "./objective/likelihood-objective.ts";
import { createTrainingState } from "./state/training-state.ts";
import { evaluationStep, type StepModel, trainingStep } from "./steps/definitions.ts";
import { type StepShape, stepShape } from "./steps/step-shape.ts";

export interface PlanParts {
  readonly architecture: Architecture;
  readonly method: Method;
  readonly costModel: CostModel;
  readonly engine: Engine;
  /** `config.json`. */
  readonly config: JsonObject;
  /** Type the weights are stored as, by tensor name. */
  storageOf(name: string): FrozenTensor["storage"];
  readonly batchSize: number;
  /** Padded length in tokens. */
  readonly length: number;
  /** Roles to adapt; the architecture's default where undefined. */
  readonly targets?: readonly string[];
  /** See `TrainingArguments`. */
  readonly gradientCheckpointing?: boolean | undefined;
}

/** One tensor of a planned model. */
export interface PlannedTensor {
  readonly name: string;
  readonly size: number;
  readonly storage: FrozenTensor["storage"];
  readonly adapted: boolean;
}

/** What a model takes, found from its configuration alone. */
export interface ModelPlan {
  readonly head: Head["kind"];
  readonly tensors: readonly PlannedTensor[];
  readonly trainableParameters: number;
  /** Bytes of the frozen weights in their files, which are mapped. */
  readonly storedBytes: number;
  readonly train: PlannedStep;
  readonly evaluate: PlannedStep;
}

export interface PlannedStep extends StepPlan {
  /** Everything together: mapped weights, trained parameters with what the optimizer keeps, and the step's own values. */
  readonly totalBytes: number;
}

const PLAN_SEED = 0;
const CLASSES = ["a", "b"];

/**
 * Plans training and evaluation of a model without its weights: both steps are
 * traced as they would run, and the memory of their values added up.
 *
 * A language model is planned with a loss at every token, any other as a
 * classifier of two classes.
 *
 * @throws InvalidInputError for an engine that cannot plan
 */
export function planModel(parts: PlanParts): ModelPlan {
  const { architecture, method, costModel, engine, batchSize, length } = parts;
  if (engine.plan === undefined) throw new InvalidInputError("Expected an engine that plans its steps, such as onnx.");
  const isCausal = architecture.languageModel !== undefined;
  const head: Head = isCausal ? { kind: "language-model" } : { kind: "classification", labels: CLASSES };
  const objective = isCausal ? likelihoodObjective : labelObjective(twoClasses);
  const checkpoint = absentCheckpoint(parts, head);
  const opened = openNetwork(architecture, checkpoint, "the planned model");
  const network = bindNetwork(opened, method, head, parts.targets, PLAN_SEED);
  const { gradientCheckpointing } = parts;
  const model: StepModel = { ...network, objective, costModel, gradientCheckpointing };
  const adapters = new Map<string, Adapter>(network.sites.map((site) => [site.path, method.init(site, PLAN_SEED)]));
  const state = createTrainingState(adapters, network.freshHead);
  const losses = isCausal ? batchSize * length : batchSize;
  const shape: StepShape = stepShape(state, { batchSize, length, losses, packed: false });

  const adapted = new Set(network.sites.map(({ path }) => `${path}.weight`));
  const tensors = [...network.frozen].map(([name, tensor]): PlannedTensor => {
    return { name, size: sizeOf(tensor.shape), storage: tensor.storage, adapted: adapted.has(name) };
  });
  const trained = [...state.entries().values()].filter(({ parameter }) => parameter.group !== "frozen");
  const trainableParameters = trained.reduce((total, { parameter }) => total + parameter.values.length, 0);
  const withTotal = (plan: StepPlan, trains: boolean): PlannedStep => {
    return { ...plan, totalBytes: plannedMemory(plan, network.frozen.values(), trainableParameters, trains) };
  };
  return {
    head: head.kind,
    tensors,
    trainableParameters,
    storedBytes: storedBytes(network.frozen.values()),
    train: withTotal(engine.plan(trainingStep(model, shape)), true),
    evaluate: withTotal(engine.plan(evaluationStep(model, shape)), false),
  };
}

const twoClasses: Pick<LabelTask, "head" | "loss"> = {
  head: { kind: "classification", labels: CLASSES },
  loss: (logits, labels) => softmaxCrossEntropy(logits, ops.cast(ops.oneHot(labels, CLASSES.length), "float32")),
};

/** A checkpoint with every base tensor of an architecture and no file behind them. */
function absentCheckpoint({ architecture, config, storageOf }: PlanParts, head: Head): Checkpoint {
  const specs = architecture.parameters(architecture.parseConfig(config), head).filter(({ role }) => role === "base");
  const source = { path: "", offset: 0, length: 0 };
  const tensors = new Map<string, CheckpointTensor>(
    specs.map(({ name, shape }) => [name, { name, shape, type: "F32", source }]),
  );
  return {
    folder: "",
    config,
    tensors,
    names: [...tensors.keys()].sort(),
    frozen(name) {
      const tensor = { shape: tensors.get(name)!.shape, storage: storageOf(name), source };
      return { ...tensor, source: { ...source, length: storedBytes([tensor]) } };
    },
    read: () => {
      throw new Error("a planned checkpoint has no values");
    },
  };
}
