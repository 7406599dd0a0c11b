import {
  type CompiledStep,
  type Feed,
  InvalidInputError,
  MissingDependencyError,
  type StepDefinition,
} from "@blora/spec";
import { type Shape, sizeOf, uniformValues } from "@blora/tensor";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { countMacs, type Graph } from "../graph/graph.ts";
import { JOINED, joinOutputs } from "../graph/join-outputs.ts";
import { writeModel } from "../graph/write-model.ts";
import { graphName, LOSS, noiseName, type OperatorChoice, traceStep } from "../trace/trace-step.ts";
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
  const { graph, folder, locate } = await data.prepare(traced.graph);
  const joined = operators === "webgpu";
  const model = writeModel(joined ? joinOutputs(graph) : graph, locate);
  const session = await createSession(model, sessionOptions(settings, folder));
  const used = new Set(session.inputNames);
  const { fetches, results } = allocateResults(traced.graph, joined);

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
      const values = (name: string) => results.get(name)!;
      return {
        loss: traced.hasLoss ? values(LOSS)[0] : undefined,
        outputs: pick(traced.outputNames, (name) => values(graphName("output", name)).slice()),
        gradients: pick(Object.keys(step.trainable), (name) => values(graphName("gradient", name))),
      };
    },
    release: () => session.release(),
  };
}

/** @throws MissingDependencyError where the provider finds no GPU */
async function createSession(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(model, options);
  } catch (error) {
    if (!(error instanceof Error && error.message.includes("WebGPU adapter"))) throw error;
    throw new MissingDependencyError(
      `onnx engine: the provider webgpu found no GPU (${error.message.trim()}). On Linux it needs a Vulkan driver and libvulkan.so.1.`,
    );
  }
}

interface Results {
  /** Tensors a run writes to, by output. */
  readonly fetches: Readonly<Record<string, Tensor>>;
  /** The values of each output of the step, in the memory of `fetches`. */
  readonly results: ReadonlyMap<string, Float32Array>;
}

/** Memory for the outputs of a graph, allocated once and overwritten by every run. */
function allocateResults({ outputs }: Graph, joined: boolean): Results {
  const all = new Float32Array(outputs.reduce((total, { shape }) => total + sizeOf(shape), 0));
  const results = new Map<string, Float32Array>();
  let start = 0;
  for (const { name, shape } of outputs) {
    const end = start + sizeOf(shape);
    results.set(name, all.subarray(start, end));
    start = end;
  }
  if (joined) return { fetches: { [JOINED]: toTensor(all, [all.length]) }, results };
  const fetches = outputs.map(({ name, shape }) => [name, toTensor(results.get(name)!, shape)] as const);
  return { fetches: Object.fromEntries(fetches), results };
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
