import type { Context, Feed, NoiseKey, StepDefinition, StepOutputs } from "@blora/spec";
import {
  dropoutKey,
  dropoutMaskValues,
  type Shape,
  sizeOf,
  type Tensor,
  uniformValues,
  valueAndGradients,
} from "@blora/tensor";
import { engine } from "@tensorflow/tfjs-core";
import type { Graph, GraphValue } from "../graph/graph.ts";
import type { CodeType, TracingBackend } from "./backend.ts";
import { dropoutMask } from "./dropout-mask.ts";
import { integerKernels, portableKernels, sparingKernels, tracedKernels, webgpuKernels } from "./kernels/index.ts";
import { type TracingKernels, withTracingBackend } from "./with-tracing-backend.ts";

/** Noise a traced step asks for on every run. */
export interface NoiseInput {
  /** Of the graph's input. */
  readonly name: string;
  readonly shape: Shape;
  readonly type: "float32" | "int32";
  values(key: NoiseKey): Feed;
}

export interface TracedStep {
  readonly graph: Graph;
  readonly noise: readonly NoiseInput[];
  /** Whether the graph computes a loss. */
  readonly hasLoss: boolean;
  readonly outputNames: readonly string[];
  /** Whether `frozenCodes` decided on any of its nodes: it multiplies what it rounds as whole numbers. */
  readonly usesCodeType: boolean;
}

/** Name of a graph input or output, by what it carries. */
export function graphName(kind: "input" | "trainable" | "noise" | "output" | "gradient", name: string): string {
  return `${kind}/${name}`;
}

export const LOSS = "loss";

/**
 * Operators a graph may use: all of ONNX Runtime's, the same without lasting copies of frozen matrices, also those of whole
 * numbers, those its WebGPU provider has, or ONNX's own alone.
 */
export type OperatorChoice = "runtime" | "sparing" | "integer" | "webgpu" | "portable";

const KERNELS: Readonly<Record<OperatorChoice, TracingKernels>> = {
  runtime: { backendName: "onnx-trace", kernels: tracedKernels },
  sparing: { backendName: "onnx-trace-sparing", kernels: sparingKernels },
  integer: { backendName: "onnx-trace-integer", kernels: integerKernels },
  webgpu: { backendName: "onnx-trace-webgpu", kernels: webgpuKernels },
  portable: { backendName: "onnx-trace-portable", kernels: portableKernels },
};

/**
 * Runs a step once on symbols: its forward pass and, where it trains, its gradient become one graph.
 *
 * @param frozenCodes type of the codes of frozen tensors that the step rounds: products of unsigned and signed bytes
 *   saturate on processors without VNNI instructions
 */
export function traceStep(
  step: StepDefinition,
  operators: OperatorChoice = "runtime",
  frozenCodes: CodeType = operators === "portable" ? "uint8" : "int8",
): TracedStep {
  return withTracingBackend(KERNELS[operators], (backend) => {
    const graph = backend.begin(frozenCodes);
    const tensorOf = (value: GraphValue) => toTensor(backend, value);
    const noise = new Map<string, NoiseInput>();
    const input = mapRecord(step.inputs, ({ shape, dtype }, name) =>
      tensorOf(graph.input(graphName("input", name), shape, dtype)),
    );
    const trainable = mapRecord(step.trainable, (shape, name) =>
      tensorOf(graph.input(graphName("trainable", name), shape, "float32")),
    );
    const frozen = memoized((name: string) => {
      const tensor = step.frozen.get(name);
      if (tensor === undefined) throw new Error(`step ${step.name}: no frozen tensor ${name}`);
      return tensorOf(graph.frozen(name, tensor));
    });
    // A site that is called twice in a forward pass gets the same noise again.
    const drawn = memoized(
      (source: NoiseInput) => {
        noise.set(source.name, source);
        return tensorOf(graph.input(source.name, source.shape, source.type));
      },
      ({ name }) => name,
    );
    const context: Context = { mode: step.mode, ...noiseSources(backend, operators, drawn) };
    let forward = 0;
    const {
      loss,
      outputs = {},
      gradients,
    } = differentiate(step, trainable, (variables) => {
      const computed = step.compute({ input, trainable: variables, frozen, context });
      forward = graph.size;
      return computed;
    });
    const results: Record<string, GraphValue> = {};
    const record = (name: string, tensor: Tensor) => {
      results[name] = backend.graphValue(tensor);
    };
    if (loss !== undefined) record(LOSS, loss);
    for (const [name, tensor] of Object.entries(outputs)) record(graphName("output", name), tensor);
    for (const [name, tensor] of Object.entries(gradients)) record(graphName("gradient", name), tensor);
    // A GPU would wait for the shapes that hold copies of nodes back.
    const computesAgain = step.gradientCheckpointing === true && operators !== "webgpu";
    const finished = graph.finish(results, computesAgain ? forward : 0);
    const used = new Set(finished.inputs.map(({ name }) => name));
    return {
      graph: finished,
      noise: [...noise.values()].filter(({ name }) => used.has(name)),
      hasLoss: loss !== undefined,
      outputNames: Object.keys(outputs),
      usesCodeType: backend.usesCodeType,
    };
  });
}

/** What a step may draw: numbers on the host, and masks in the graph where the operators are those of the CPU. */
function noiseSources(
  backend: TracingBackend,
  operators: OperatorChoice,
  drawn: (source: NoiseInput) => Tensor,
): Omit<Context, "mode"> {
  const named = (path: string, what: Shape | string): string => graphName("noise", `${path} [${what}]`);
  const masks = memoized(
    ([path, shape, probability]: Parameters<Context["dropoutMask"]>) => {
      if (operators === "webgpu") {
        const values = (key: NoiseKey) => dropoutMaskValues({ ...key, path }, sizeOf(shape), probability);
        return drawn({ name: named(path, `${shape} ${probability}`), shape, type: "float32", values });
      }
      const values = (key: NoiseKey) => dropoutKey({ ...key, path });
      const key = drawn({ name: named(path, "key"), shape: [2], type: "int32", values });
      return engine().makeTensorFromTensorInfo(dropoutMask(backend, key, shape, probability)) as Tensor;
    },
    (call) => JSON.stringify(call),
  );
  return {
    uniform: (path, shape) => {
      const values = (key: NoiseKey) => uniformValues({ ...key, path }, sizeOf(shape));
      return drawn({ name: named(path, shape), shape, type: "float32", values });
    },
    dropoutMask: (...call) => masks(call),
  };
}

function differentiate(
  step: StepDefinition,
  trainable: Readonly<Record<string, Tensor>>,
  compute: (variables: Readonly<Record<string, Tensor>>) => StepOutputs,
): StepOutputs & { gradients: Record<string, Tensor> } {
  const names = Object.keys(trainable);
  if (names.length === 0) return { ...compute(trainable), gradients: {} };
  let result: StepOutputs = {};
  const { value, gradients } = valueAndGradients((...variables) => {
    result = compute(Object.fromEntries(names.map((name, index) => [name, variables[index]!])));
    if (result.loss === undefined) throw new Error(`step ${step.name}: trainable tensors need a loss`);
    return result.loss;
  }, Object.values(trainable));
  return {
    ...result,
    loss: value,
    gradients: Object.fromEntries(names.map((name, index) => [name, gradients[index]!])),
  };
}

function toTensor(backend: TracingBackend, value: GraphValue): Tensor {
  return engine().makeTensorFromTensorInfo(backend.tensorOf(value)) as Tensor;
}

function mapRecord<In, Out>(
  record: Readonly<Record<string, In>>,
  map: (value: In, key: string) => Out,
): Record<string, Out> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}

function memoized<In, Out>(
  compute: (argument: In) => Out,
  keyOf: (argument: In) => unknown = (argument) => argument,
): (argument: In) => Out {
  const known = new Map<unknown, Out>();
  return (argument) => {
    const key = keyOf(argument);
    if (!known.has(key)) known.set(key, compute(argument));
    return known.get(key)!;
  };
}
