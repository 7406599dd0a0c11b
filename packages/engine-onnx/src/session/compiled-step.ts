import { type CompiledStep, type Feed, InvalidInputError, type StepDefinition } from "@blora/spec";
import { type Shape, sizeOf } from "@blora/tensor";
import { countMacs, type Graph, type GraphValue } from "../graph/graph.ts";
import { JOINED, joinOutputs } from "../graph/join-outputs.ts";
import { type JoinedGraph, type JoinedTensor, joinTrainables } from "../graph/join-trainables.ts";
import { splitSteady } from "../graph/split-steady.ts";
import type { FedTensor, SessionSettings, Sessions } from "../runtime.ts";
import type { CodeType } from "../trace/backend.ts";
import { MOST_COPIED, traceSparingly } from "../trace/trace-sparingly.ts";
import { graphName, LOSS, type OperatorChoice, type TracedStep } from "../trace/trace-step.ts";
import type { KeptOfStep, KeptValues } from "./kept-values.ts";

/**
 * Traces a step and prepares ONNX Runtime to run it.
 *
 * @param exact the type of codes whose products are exact here, which a step that rounds is asked for
 */
export async function compileStep(
  step: StepDefinition,
  operators: OperatorChoice,
  settings: SessionSettings,
  sessions: Sessions,
  exact: () => Promise<CodeType> = async () => "int8",
  kept?: KeptValues,
): Promise<CompiledStep> {
  const traced = await traceExactly(step, operators, exact);
  const isOnGpu = operators === "webgpu";
  const { graph: everyRun, steady } = withoutKept(step, traced, kept);
  const { graph, inputs: joinedInputs, outputs: joinedOutputs } = steady ? alone(everyRun) : joinTrainables(everyRun);
  const session = await sessions.create(isOnGpu ? joinOutputs(graph) : graph, settings);
  const joined = new Map(joinedInputs.map((input) => [input.name, input]));

  return {
    macs: countMacs(traced.graph),
    async run(feeds, trainable, noise) {
      const given: Record<string, FedTensor> = {};
      for (const [name, { shape }] of Object.entries(step.inputs))
        given[graphName("input", name)] = { values: checked(step, "input", name, feeds[name], shape), shape };
      for (const [name, shape] of Object.entries(step.trainable))
        given[graphName("trainable", name)] = {
          values: checked(step, "trainable", name, trainable[name], shape),
          shape,
        };
      for (const { name, shape, values } of traced.noise) given[name] = { values: values(noise), shape };
      Object.assign(given, await steady?.get(given));
      const inputs = pick(session.inputNames, (name) => {
        const input = joined.get(name);
        return input === undefined ? given[name]! : valuesTogether(input, given);
      });
      const found = await session.run(inputs);
      const results = { ...(isOnGpu ? separated(graph.outputs, found[JOINED]!) : found) };
      for (const { name, parts } of joinedOutputs) Object.assign(results, separated(parts, results[name]!));
      return {
        loss: traced.hasLoss ? results[LOSS]![0] : undefined,
        outputs: pick(traced.outputNames, (name) => results[graphName("output", name)]!.slice()),
        gradients: pick(Object.keys(step.trainable), (name) => results[graphName("gradient", name)]!),
      };
    },
    async release() {
      await steady?.release();
      await session.release();
    },
  };
}

/** A step as traced with signed codes, or anew where it has codes and these are not the ones that are exact. */
async function traceExactly(
  step: StepDefinition,
  operators: OperatorChoice,
  exact: () => Promise<CodeType>,
): Promise<TracedStep> {
  const traced = traceSparingly(step, operators, { frozenCodes: "int8" });
  if (!traced.usesCodeType) return traced;
  const frozenCodes = await exact();
  return frozenCodes === "int8" ? traced : traceSparingly(step, operators, { frozenCodes });
}

/** The graph of every run, and what it keeps of a step with steady inputs. */
function withoutKept(
  { steady }: StepDefinition,
  { graph }: TracedStep,
  kept: KeptValues | undefined,
): { readonly graph: Graph; readonly steady?: KeptOfStep } {
  if (steady === undefined || kept === undefined) return { graph };
  const split = splitSteady(graph, new Set([...steady].map((name) => graphName("input", name))), MOST_COPIED);
  return { graph: split.rest, steady: kept.open(split) };
}

/** What is kept is no array of values that could be joined. */
function alone(graph: Graph): JoinedGraph {
  return { graph, inputs: [], outputs: [] };
}

function valuesTogether({ shape, parts }: JoinedTensor, given: Readonly<Record<string, FedTensor>>): FedTensor {
  const values = new Float32Array(sizeOf(shape));
  let start = 0;
  for (const { name } of parts) {
    const part = given[name]!.values;
    values.set(part, start);
    start += part.length;
  }
  return { values, shape };
}

/** Values from the one array that they were joined to. */
function separated(parts: readonly GraphValue[], all: Float32Array): Record<string, Float32Array> {
  const results: Record<string, Float32Array> = {};
  let start = 0;
  for (const { name, shape } of parts) {
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
