import { type CompiledStep, type Feed, InvalidInputError, type StepDefinition } from "@blora/spec";
import { type Shape, sizeOf } from "@blora/tensor";
import { countMacs, type Graph } from "../graph/graph.ts";
import { JOINED, joinOutputs } from "../graph/join-outputs.ts";
import type { FedTensor, SessionSettings, Sessions } from "../runtime.ts";
import type { CodeType } from "../trace/backend.ts";
import { traceSparingly } from "../trace/trace-sparingly.ts";
import { graphName, LOSS, type OperatorChoice } from "../trace/trace-step.ts";

/** Traces a step and prepares ONNX Runtime to run it. */
export async function compileStep(
  step: StepDefinition,
  operators: OperatorChoice,
  settings: SessionSettings,
  sessions: Sessions,
  frozenCodes?: CodeType,
): Promise<CompiledStep> {
  const traced = traceSparingly(step, operators, { frozenCodes });
  const joined = operators === "webgpu";
  const session = await sessions.create(joined ? joinOutputs(traced.graph) : traced.graph, settings);
  const used = new Set(session.inputNames);

  return {
    macs: countMacs(traced.graph),
    async run(feeds, trainable, noise) {
      const inputs: Record<string, FedTensor> = {};
      for (const [name, { shape }] of Object.entries(step.inputs)) {
        const values = checked(step, "input", name, feeds[name], shape);
        if (used.has(graphName("input", name))) inputs[graphName("input", name)] = { values, shape };
      }
      for (const [name, shape] of Object.entries(step.trainable)) {
        const values = checked(step, "trainable", name, trainable[name], shape);
        if (used.has(graphName("trainable", name))) inputs[graphName("trainable", name)] = { values, shape };
      }
      for (const { name, shape, values } of traced.noise) inputs[name] = { values: values(noise), shape };
      const found = await session.run(inputs);
      const results = joined ? separated(traced.graph, found[JOINED]!) : found;
      return {
        loss: traced.hasLoss ? results[LOSS]![0] : undefined,
        outputs: pick(traced.outputNames, (name) => results[graphName("output", name)]!.slice()),
        gradients: pick(Object.keys(step.trainable), (name) => results[graphName("gradient", name)]!),
      };
    },
    release: () => session.release(),
  };
}

/** The outputs of a graph from the one they were joined to. */
function separated({ outputs }: Graph, all: Float32Array): Record<string, Float32Array> {
  const results: Record<string, Float32Array> = {};
  let start = 0;
  for (const { name, shape } of outputs) {
    const end = start + sizeOf(shape);
    results[name] = all.subarray(start, end);
    start = end;
  }
  return results;
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
