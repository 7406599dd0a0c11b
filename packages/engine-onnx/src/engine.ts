import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import {
  type CompiledStep,
  definePlugin,
  type Engine,
  MissingDependencyError,
  type Plugin,
  PRECISIONS,
  type Precision,
} from "@blora/spec";
import { listSupportedBackends } from "onnxruntime-node";
import { z } from "zod";
import { countMacs } from "./graph/graph.ts";
import { peakBytes } from "./graph/plan-memory.ts";
import { compileStep } from "./session/compiled-step.ts";
import { createDataFolder } from "./session/data-folder.ts";
import { type OperatorChoice, traceStep } from "./trace/trace-step.ts";

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

/**
 * Compiles a step (forward pass and gradient) into one ONNX graph and runs it
 * with ONNX Runtime. Frozen tensors are mapped from their files.
 */
export const onnx: Plugin<"engine", "onnx", OnnxEngineOptions | undefined, Engine> = definePlugin({
  kind: "engine",
  id: "onnx",
  packageName: "@blora/engine-onnx",
  optionsSchema,
  create: createOnnxEngine,
});

function createOnnxEngine(options: OnnxEngineOptions = {}): Engine {
  const { threads = availableParallelism(), provider = "cpu", precision = "float32" } = options;
  const supported = listSupportedBackends().map(({ name }) => name);
  if (!supported.includes(provider)) {
    throw new MissingDependencyError(
      `onnx engine: this ONNX Runtime has no provider ${provider}; it has ${supported.join(", ")}`,
    );
  }
  const isInteger = precision === "int8" && provider === "cpu";
  const operators: OperatorChoice = provider === "webgpu" ? "webgpu" : isInteger ? "integer" : "runtime";
  const data = createDataFolder();
  const steps = new Set<CompiledStep>();

  return {
    plan(step) {
      const { graph } = traceStep(step, operators);
      return { macs: countMacs(graph), nodes: graph.nodes.length, peakBytes: peakBytes(graph) };
    },
    describe: async () => ({
      id: "onnx",
      provider,
      threads,
      version: runtimeVersion(),
      ...(isInteger && { precision: "int8" as const }),
      ...(precision === "int8" && !isInteger && { note: `${provider} computes in float32, int8 is for the CPU` }),
    }),
    async compile(step) {
      const compiled = await compileStep(step, operators, { threads, providers: [provider] }, data);
      const tracked: CompiledStep = {
        ...compiled,
        async release() {
          if (steps.delete(tracked)) await compiled.release();
        },
      };
      steps.add(tracked);
      return tracked;
    },
    async release() {
      for (const step of [...steps]) await step.release();
      await data.release();
    },
  };
}

function runtimeVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)("onnxruntime-node/package.json");
  return (manifest as { version: string }).version;
}
