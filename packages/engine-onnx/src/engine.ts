import {
  type CompiledStep,
  definePlugin,
  type Engine,
  InvalidInputError,
  MissingDependencyError,
  type Plugin,
  PRECISIONS,
  type Precision,
} from "@blora/spec";
import { z } from "zod";
import { countMacs } from "./graph/graph.ts";
import { joinTrainables } from "./graph/join-trainables.ts";
import { peakBytes } from "./graph/plan-memory.ts";
import type { Runtime } from "./runtime.ts";
import { exactCodes } from "./session/code-sums.ts";
import { compileStep } from "./session/compiled-step.ts";
import { createKeptValues } from "./session/kept-values.ts";
import type { CodeType } from "./trace/backend.ts";
import { traceSparingly } from "./trace/trace-sparingly.ts";
import type { OperatorChoice } from "./trace/trace-step.ts";

export interface OnnxEngineOptions {
  /** Threads inside one operator; by default one for each core. */
  readonly threads?: number | undefined;
  /** Execution provider: `cpu`, or one this build of ONNX Runtime supports, such as `cuda` or `webgpu`. */
  readonly provider?: string | undefined;
  /**
   * How products with frozen matrices are computed, forward and backward: in `float32`, or in whole numbers of 8 bits
   * (`int8`), on the CPU alone. Default `float32`.
   */
  readonly precision?: Precision | undefined;
}

/** Beyond this the threads alone take minutes to start. */
const MOST_THREADS = 1024;

const optionsSchema = z
  .strictObject({
    threads: z.int().min(1).max(MOST_THREADS).optional(),
    provider: z.string().min(1).optional(),
    precision: z.enum(PRECISIONS).optional(),
  })
  .optional();

/** The plugin over a build of ONNX Runtime. */
export function onnxPlugin(runtime: Runtime): Plugin<"engine", "onnx", OnnxEngineOptions | undefined, Engine> {
  return definePlugin({
    kind: "engine",
    id: "onnx",
    packageName: "@blora/engine-onnx",
    optionsSchema,
    create: (options) => createOnnxEngine(runtime, options),
  });
}

function createOnnxEngine(runtime: Runtime, options: OnnxEngineOptions = {}): Engine {
  const { provider = runtime.provider, precision = "float32" } = options;
  const supported = runtime.providers();
  if (!supported.includes(provider)) {
    throw new MissingDependencyError(
      `onnx engine: this ONNX Runtime has no provider ${provider}; it has ${supported.join(", ")}`,
    );
  }
  const { threads, note } = runtime.threads(options.threads);
  const isInteger = precision === "int8" && provider === runtime.provider;
  const operators: OperatorChoice = provider === "webgpu" ? "webgpu" : isInteger ? "integer" : "runtime";
  const notes = [
    ...(precision === "int8" && !isInteger ? [`${provider} computes in float32, int8 is for the CPU`] : []),
    ...(note === undefined ? [] : [note]),
  ];
  const sessions = runtime.open();
  const settings = { threads, providers: [provider] };
  // What is kept would be sent to another provider again for every run.
  const kept = provider === runtime.provider ? createKeptValues(sessions, settings) : undefined;
  let codes: Promise<CodeType> | undefined;
  const steps = new Set<CompiledStep>();

  return {
    plan(step) {
      const { graph } = joinTrainables(traceSparingly(step, operators).graph);
      return { macs: countMacs(graph), nodes: graph.nodes.length, peakBytes: peakBytes(graph) };
    },
    describe: async () => ({
      id: "onnx",
      provider,
      threads,
      version: await runtime.version(provider),
      ...(isInteger && { precision: "int8" as const }),
      ...(notes.length > 0 && { note: notes.join("; ") }),
    }),
    async compile(step) {
      const exact = () => (codes ??= exactCodes(sessions, settings));
      const compiled = await compileStep(step, operators, settings, sessions, exact, kept);
      const tracked: CompiledStep = {
        ...compiled,
        async run(...given) {
          if (steps.has(tracked)) return compiled.run(...given);
          throw new InvalidInputError(`step ${step.name}: expected a step in use, found one that was released.`);
        },
        async release() {
          if (steps.delete(tracked)) await compiled.release();
        },
      };
      steps.add(tracked);
      return tracked;
    },
    async release() {
      for (const step of [...steps]) await step.release();
    },
  };
}
