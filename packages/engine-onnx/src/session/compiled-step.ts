import { type CompiledStep, type Feed, InvalidInputError, type StepDefinition } from "@blora/spec";
import { type Shape, sizeOf, uniformValues } from "@blora/tensor";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { countMacs } from "../graph/graph.ts";
import { writeModel } from "../graph/write-model.ts";
import { graphName, LOSS, noiseName, type OperatorChoice, type TracedStep, traceStep } from "../trace/trace-step.ts";
import type { DataFolder } from "./data-folder.ts";
import { type SessionSettings, sessionOptions } from "./options.ts";

/** Traces a step and prepares ONNX Runtime to run it. */
export async function compileStep(
  step: StepDefinition,
  operators: OperatorChoice,
  settings: SessionSettings,
  data: DataFolder,
): Promise<CompiledStep> {
  const traced = traceStep(step, operators);
  const { folder, locate } = await data.prepare(traced.graph);
  const model = writeModel(traced.graph, locate);
  const session = await InferenceSession.create(model, sessionOptions(settings, folder));
  const used = new Set(session.inputNames);
  const fetches = allocateOutputs(traced);

  return {
    macs: countMacs(traced.graph),
    async run(feeds, trainable, noise) {
      const inputs: Record<string, Tensor> = {};
      for (const [name, { shape }] of Object.entries(step.inputs)) {
        const value = checked(step, "input", name, feeds[name], shape);
        if (used.has(graphName("input", name))) inputs[graphName("input", name)] = toTensor(value, shape);
      }
      for (const [name, shape] of Object.entries(step.trainable)) {
        const value = checked(step, "trainable", name, trainable[name], shape);
        if (used.has(graphName("trainable", name))) inputs[graphName("trainable", name)] = toTensor(value, shape);
      }
      for (const source of traced.noise) {
        const { path, shape } = source;
        inputs[noiseName(source)] = toTensor(uniformValues({ ...noise, path }, sizeOf(shape)), shape);
      }
      await session.run(inputs, fetches);
      const values = (name: string) => fetches[name]!.data as Float32Array;
      return {
        loss: traced.hasLoss ? values(LOSS)[0] : undefined,
        outputs: pick(traced.outputNames, (name) => values(graphName("output", name)).slice()),
        gradients: pick(Object.keys(step.trainable), (name) => values(graphName("gradient", name))),
      };
    },
    release: () => session.release(),
  };
}

/** Result tensors, allocated once and overwritten by every run. */
function allocateOutputs({ graph }: TracedStep): Record<string, Tensor> {
  return Object.fromEntries(
    graph.outputs.map(({ name, shape }) => [name, toTensor(new Float32Array(sizeOf(shape)), shape)]),
  );
}

function toTensor(values: Feed, shape: Shape): Tensor {
  return values instanceof Int32Array ? new Tensor("int32", values, shape) : new Tensor("float32", values, shape);
}

function checked(step: StepDefinition, kind: string, name: string, value: Feed | undefined, shape: Shape): Feed {
  if (value?.length === sizeOf(shape)) return value;
  const found = value === undefined ? "nothing" : `${value.length} values`;
  throw new InvalidInputError(
    `step ${step.name}: ${kind} ${name} needs ${sizeOf(shape)} values (shape [${shape}]), got ${found}`,
  );
}

function pick<Value>(names: readonly string[], value: (name: string) => Value): Record<string, Value> {
  return Object.fromEntries(names.map((name) => [name, value(name)]));
}
