import { frozenValues, widenBfloat16, widenFloat16 } from "@blora/files";
import { InvalidInputError, MissingDependencyError } from "@blora/spec";
import { sizeOf } from "@blora/tensor";
import type { InferenceSession, Tensor } from "onnxruntime-common";
import { inFileOrder } from "../graph/execution-order.ts";
import {
  bytesOf,
  type ElementType,
  type Graph,
  type GraphValue,
  type Initializer,
  type WholeNumbers,
} from "../graph/graph.ts";
import { writeModel } from "../graph/write-model.ts";
import type { FedTensor, Runtime, Session, SessionSettings, Sessions, Values } from "../runtime.ts";
import { SESSION_CONFIG, sessionOptions } from "../session/options.ts";
import { readSlice, withSlicesRead } from "../session/read-slices.ts";
import { roundedBytes } from "../session/rounded-columns.ts";
import { toTensor } from "../session/to-tensor.ts";

type OrtWeb = typeof import("onnxruntime-web/wasm");

/** What a page tells of itself; workers have no `window`. */
interface PageFacts {
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: {
    readonly hardwareConcurrency?: number;
    readonly gpu?: { requestAdapter(): Promise<{ readonly features: ReadonlySet<string> } | null> };
  };
}

/**
 * ONNX Runtime as npm has it for pages: in WebAssembly, or on a GPU by WebGPU. Frozen tensors come from memory, or are
 * read where a session is made.
 *
 * @param files address of the folder with ONNX Runtime's `.wasm` and `.mjs` files; where a bundler puts them if undefined
 */
export function webRuntime(files?: string): Runtime {
  return {
    provider: "wasm",
    providers: () => ["wasm", "webgpu"],
    version: async (provider) => (await load(provider)).env.versions.web ?? "",
    threads: threadsOf,
    open: () => openSessions(files),
  };
}

function threadsOf(asked: number | undefined): ReturnType<Runtime["threads"]> {
  const { crossOriginIsolated, navigator } = globalThis as PageFacts;
  if (crossOriginIsolated === true) return { threads: asked ?? navigator?.hardwareConcurrency ?? 1 };
  const note = "the page is not cross-origin isolated, which takes one thread";
  return { threads: 1, ...(asked !== 1 && { note }) };
}

/** The build with WebGPU is twice as large, so that each is loaded where it is asked for. */
function load(provider: string): Promise<OrtWeb> {
  return provider === "webgpu" ? import("onnxruntime-web/webgpu") : import("onnxruntime-web/wasm");
}

function openSessions(files: string | undefined): Sessions {
  return {
    async create(traced, settings) {
      const ort = await loadFor(settings, files);
      const read = await withSlicesRead(await withWholeNumbers(traced));
      const graph = settings.providers.includes("webgpu") ? await forGpu(read) : read;
      const { model, externalData } = separateModel(graph);
      const session = await ort.InferenceSession.create(model, {
        ...sessionOptions(settings),
        extra: { session: SESSION_CONFIG },
        externalData,
      }).catch(explain);
      return runAnew(session, graph.outputs, ort.Tensor);
    },
  };
}

async function loadFor({ threads, providers }: SessionSettings, files: string | undefined): Promise<OrtWeb> {
  const ort = await load(providers[0]!);
  const { wasm } = ort.env;
  if (files !== undefined) wasm.wasmPaths = files;
  // A page has one memory and its threads: those that the first session asked for.
  if (wasm.numThreads !== undefined && wasm.numThreads !== 0 && wasm.numThreads !== threads) {
    throw new InvalidInputError(
      `onnx engine: a page has one number of threads, found ${threads} asked for where ${wasm.numThreads} work.`,
    );
  }
  wasm.numThreads = threads;
  return ort;
}

/** What a browser says where a file is absent, or a server answers with a page of its own. */
const FILE_IS_ABSENT = /CompileError|dynamically imported module|Failed to fetch|initWasm/;

function explain(cause: unknown): never {
  if (!(cause instanceof Error)) throw cause;
  const reason = cause.message.trim();
  if (FILE_IS_ABSENT.test(reason)) {
    throw new MissingDependencyError(
      `onnx engine: expected the .wasm and .mjs files of onnxruntime-web beside the page's modules, or in the folder that onnxWithFiles("/ort/") of @blora/engine-onnx/web names, found none that load (${reason}).`,
      { cause },
    );
  }
  if (!/webgpu|gpu adapter/i.test(reason)) throw cause;
  throw new MissingDependencyError(`onnx engine: the provider webgpu found no GPU (${reason}).`, { cause });
}

/** One matrix after the other, so that no more than one is there in full precision. */
async function withWholeNumbers({ wholeNumbers = [], ...graph }: Graph): Promise<Graph> {
  const initializers = [...graph.initializers];
  for (const numbers of wholeNumbers) {
    const { codes, scales } = roundedBytes(numbers, await valuesOf(numbers));
    initializers.push({ ...numbers.codes, data: codes }, { ...numbers.scales, data: scales });
  }
  return { ...graph, initializers };
}

async function valuesOf({ name, matrix: { shape, storage, source } }: WholeNumbers): Promise<Float32Array> {
  if (source instanceof Float32Array) return frozenValues(name, { shape, storage: "f32", source });
  return frozenValues(name, { shape, storage, source: inMemory(name, await readSlice(source)) });
}

/**
 * A graph whose tensors of types that a GPU has not are widened before it is run; its casts of them then change nothing.
 * WebGPU knows no bfloat16, and float16 is an adapter's to have.
 */
async function forGpu(graph: Graph): Promise<Graph> {
  const adapter = await (globalThis as PageFacts).navigator?.gpu?.requestAdapter();
  const widen: Partial<Record<ElementType, (bits: Uint16Array) => Float32Array>> = {
    bfloat16: (bits) => widenBfloat16(bits),
    ...(adapter?.features.has("shader-f16") !== true && { float16: (bits) => widenFloat16(bits) }),
  };
  const initializers = graph.initializers.map((initializer): Initializer => {
    const { name, type, data } = initializer;
    // A copy, because a view may begin at any byte.
    const values = widen[type]?.(new Uint16Array(inMemory(name, data).slice().buffer));
    return values === undefined ? initializer : { ...initializer, type: "float32", data: bytesOf(values) };
  });
  return { ...graph, initializers };
}

function inMemory(name: string, data: Initializer["data"]): Uint8Array {
  if (data instanceof Uint8Array) return data;
  throw new InvalidInputError(`frozen tensor ${name}: expected bytes in memory, found a place in ${data.path}.`);
}

/** Below this many bytes a tensor is a part of the model. */
const EXTERNAL_BYTES = 1024;

/** The model, and beside it the bytes of large tensors: in it they would be copied twice. */
function separateModel(graph: Graph): { model: Uint8Array; externalData: { path: string; data: Uint8Array }[] } {
  const externalData: { path: string; data: Uint8Array }[] = [];
  const initializers = graph.initializers.map((initializer) => {
    const data = inMemory(initializer.name, initializer.data);
    if (data.length < EXTERNAL_BYTES) return initializer;
    const path = String(externalData.length);
    externalData.push({ path, data });
    return { ...initializer, data: { path, offset: 0, length: data.length } };
  });
  const whole = { ...graph, initializers };
  return { model: writeModel({ ...whole, nodes: inFileOrder(whole) }, (path) => path), externalData };
}

/** Results of a page's build lie in its own memory, so that every run has new ones. */
function runAnew(session: InferenceSession, outputs: readonly GraphValue[], tensorClass: OrtWeb["Tensor"]): Session {
  const resultsOf = (inputs: Readonly<Record<string, FedTensor>>): ReturnType<InferenceSession["run"]> =>
    session.run(Object.fromEntries(Object.entries(inputs).map(([name, fed]) => [name, toTensor(fed, tensorClass)])));
  return {
    inputNames: session.inputNames,
    async run(inputs) {
      const results = await resultsOf(inputs);
      return Object.fromEntries(outputs.map(({ name, shape }) => [name, floatsOf(results[name]!, sizeOf(shape))]));
    },
    async compute(inputs) {
      const results = await resultsOf(inputs);
      return Object.fromEntries(outputs.map(({ name }) => [name, results[name]!.data as Values]));
    },
    release: () => session.release(),
  };
}

function floatsOf({ data }: Tensor, size: number): Float32Array {
  const values = data as Float32Array;
  return values.length === size ? values : values.subarray(0, size);
}
