import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { cacheFolder } from "@blora/files";
import { MissingDependencyError } from "@blora/spec";
import { sizeOf } from "@blora/tensor";
import { InferenceSession, listSupportedBackends, Tensor } from "onnxruntime-node";
import { inFileOrder } from "../graph/execution-order.ts";
import type { GraphValue } from "../graph/graph.ts";
import { writeModel } from "../graph/write-model.ts";
import type { FedTensor, Runtime, Session, Sessions, Values } from "../runtime.ts";
import { SESSION_CONFIG, sessionOptions } from "../session/options.ts";
import { withSlicesRead } from "../session/read-slices.ts";
import { toTensor } from "../session/to-tensor.ts";
import { dataFolderOf } from "./data-folder.ts";
import { createWholeNumberFiles } from "./whole-number-files.ts";

/** ONNX Runtime as npm has it for Node. Frozen tensors are mapped from their files. */
export const nodeRuntime: Runtime = {
  provider: "cpu",
  providers: () => listSupportedBackends().map(({ name }) => name),
  version: async () => runtimeVersion(),
  threads: (asked = availableParallelism()) => ({ threads: asked }),
  open: () => openSessions(),
};

/** @param cache folder of what is made once and read ever after; `BLORA_CACHE` where undefined */
export function openSessions(cache: string = cacheFolder()): Sessions {
  const wholeNumbers = createWholeNumberFiles(cache);
  return {
    async create(traced, settings) {
      const graph = await wholeNumbers.place(await withSlicesRead(traced));
      const { folder, locate } = await dataFolderOf(graph);
      const session = await createSession(writeModel({ ...graph, nodes: inFileOrder(graph) }, locate), {
        ...sessionOptions(settings),
        extra: {
          session: { ...SESSION_CONFIG, ...(folder && { model_external_initializers_file_folder_path: folder }) },
        },
      });
      return runInto(session, graph.outputs);
    },
  };
}

/** Runs a session into memory that is allocated once and overwritten by every run. */
function runInto(session: InferenceSession, outputs: readonly GraphValue[]): Session {
  const feedsOf = (inputs: Readonly<Record<string, FedTensor>>) =>
    Object.fromEntries(Object.entries(inputs).map(([name, fed]) => [name, toTensor(fed, Tensor)]));
  let floats: ReturnType<typeof floatMemory> | undefined;
  return {
    inputNames: session.inputNames,
    async run(inputs) {
      floats ??= floatMemory(outputs);
      await session.run(feedsOf(inputs), floats.fetches);
      return floats.results;
    },
    async compute(inputs) {
      const results = Object.fromEntries(outputs.map((value) => [value.name, emptyValues(value)]));
      const fetches = outputs.map(({ name, shape }) => [name, toTensor({ values: results[name]!, shape }, Tensor)]);
      await session.run(feedsOf(inputs), Object.fromEntries(fetches));
      return results;
    },
    release: () => session.release(),
  };
}

/** One block of memory for float32 outputs. */
function floatMemory(outputs: readonly GraphValue[]) {
  const all = new Float32Array(outputs.reduce((total, { shape }) => total + sizeOf(shape), 0));
  const results: Record<string, Float32Array> = {};
  const fetches: Record<string, Tensor> = {};
  let start = 0;
  for (const { name, shape } of outputs) {
    const end = start + sizeOf(shape);
    results[name] = all.subarray(start, end);
    fetches[name] = new Tensor("float32", results[name], shape);
    start = end;
  }
  return { results, fetches };
}

function emptyValues({ shape, type }: GraphValue): Values {
  const size = sizeOf(shape);
  if (type === "int8") return new Int8Array(size);
  if (type === "uint8") return new Uint8Array(size);
  return type === "int32" ? new Int32Array(size) : new Float32Array(size);
}

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

function runtimeVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)("onnxruntime-node/package.json");
  return (manifest as { version: string }).version;
}
