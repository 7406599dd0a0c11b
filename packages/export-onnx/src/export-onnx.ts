import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { limitTexts } from "@blora/adapters";
import { copyCompanionFiles, requireFreeSpace, writeError } from "@blora/files";
import type { Network, OpenNetwork, PlainAdapter } from "@blora/network";
import type { CodedUpdate } from "@blora/spec";
import { floatWeights, type StoredGraph } from "./graph/float-weights.ts";
import { foldConstants } from "./graph/fold-constants.ts";
import { withCodedBranch } from "./quantize/coded-branch.ts";
import { int4 } from "./quantize/int4.ts";
import { int8 } from "./quantize/int8.ts";
import { withRoundedWeights } from "./quantize/rewrite.ts";
import { plainParts, trainedParts } from "./trace/forward-parts.ts";
import { traceGraph } from "./trace/trace-graph.ts";
import { collectWeights, trainedWeights, type Weight } from "./weights.ts";
import { requireExportFolder } from "./write/export-folder.ts";
import { writeConfig } from "./write/model-folder.ts";
import { writeGraph } from "./write/write-graph.ts";

/** How base weights are stored. */
export type WeightFormat = "float32" | "int8" | "int4";

export interface ExportOptions {
  readonly network: Network;
  /** Its plain update; or, opened in the form `trained`, the adapter as its method evaluates it, rounding included. */
  readonly adapter: PlainAdapter | OpenNetwork;
  /** Folder, made where absent. Files of an earlier export are replaced one by one, others stay. */
  readonly out: string;
  /** Default `float32`. */
  readonly weights?: WeightFormat;
  /** Adds a plain update to its weights, the default, or keeps it beside them as a branch of its own. */
  readonly adapterForm?: "merged" | "branch";
  /** By site path: the adapter's factors as codes, such as `exportCodes` gives. A branch holds them instead of float32. */
  readonly codes?: ReadonlyMap<string, CodedUpdate>;
}

export interface ExportSummary {
  /** The graph, relative to the folder. */
  readonly file: string;
  /** Bytes of the graph with its weights. */
  readonly bytes: number;
  /** Name transformers.js knows the weight format by: its `dtype` option. */
  readonly dtype: string;
  /** Where the tokenizer cuts texts, in tokens: at the most the model takes, or the adapter was trained with if it answers whole texts. */
  readonly longest: number;
  /** Tokenizer files that were copied. */
  readonly tokenizer: readonly string[];
}

interface Format {
  readonly file: string;
  readonly dtype: string;
  store(graph: StoredGraph["graph"], weights: ReadonlyMap<string, Weight>): StoredGraph;
}

/** Files and names of transformers.js. */
const FORMATS: Readonly<Record<WeightFormat, Format>> = {
  float32: {
    file: "model.onnx",
    dtype: "fp32",
    store: (graph, weights) => ({ graph, tensors: floatWeights(graph, weights) }),
  },
  int8: {
    file: "model_quantized.onnx",
    dtype: "q8",
    store: (graph, weights) => withRoundedWeights(graph, weights, int8),
  },
  int4: { file: "model_q4.onnx", dtype: "q4", store: (graph, weights) => withRoundedWeights(graph, weights, int4) },
};

/** Formats of base weights. */
export const weightFormats: readonly WeightFormat[] = Object.keys(FORMATS) as WeightFormat[];

/**
 * Writes a model with its adapter as a folder that `@huggingface/transformers`
 * loads: `onnx/<file>`, `config.json` with the labels, and the tokenizer,
 * which cuts texts at `longest`.
 *
 * @throws InvalidInputError for a head no pipeline takes
 */
export async function exportOnnx(options: ExportOptions): Promise<ExportSummary> {
  const {
    network,
    adapter,
    out,
    weights: weightFormat = "float32",
    adapterForm = "merged",
    codes = new Map(),
  } = options;
  const { file, dtype, store } = FORMATS[weightFormat];
  const { graph, tensors } =
    "updates" in adapter
      ? plainGraph(network, adapter, store, adapterForm === "merged" ? undefined : codes)
      : await trainedGraph(network, adapter, store);
  requireExportFolder(out);
  await mkdir(join(out, "onnx"), { recursive: true });
  const needed = tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
  await requireFreeSpace(out, needed, { what: "the graph's weights", advice: "Choose a folder with more room." });
  const aside = await mkdtemp(join(out, ".export-"));
  try {
    const { bytes, chunks } = await writeGraph(join(aside, file), graph, tensors);
    for (const name of await readdir(aside)) await rename(join(aside, name), join(out, "onnx", name));
    await writeConfig(out, network.checkpoint.config, { head: adapter.head, file, dtype, chunks });
    const tokenizer = copyCompanionFiles(network.checkpoint.folder, out);
    const isWhole = adapter.head.kind !== "language-model";
    const longest = isWhole ? Math.min(network.maxLength, adapter.maxSeqLength) : network.maxLength;
    await limitTexts(out, longest);
    return { file: join("onnx", file), bytes, dtype, longest, tokenizer };
  } catch (error) {
    throw writeError(error, join(out, "onnx", file), needed);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** @param branches codes of updates that stay beside their weights; undefined to add all of them */
function plainGraph(
  network: Network,
  adapter: PlainAdapter,
  store: Format["store"],
  branches: ReadonlyMap<string, CodedUpdate> | undefined,
): StoredGraph {
  const isMerged = branches === undefined;
  const weights = collectWeights(network, adapter, isMerged);
  const parts = plainParts(network, adapter.head, weights, isMerged ? [] : adapter.updates.keys());
  const stored = store(traceGraph(network, adapter.head, weights, parts), weights);
  return isMerged ? stored : withCodedBranch(stored, weights, branches);
}

/** Weights as their quantizers round them: those of few bits as codes, whose products are of whole numbers. */
function trainedGraph(network: Network, adapter: OpenNetwork, store: Format["store"]): Promise<StoredGraph> {
  const weights = trainedWeights(network, adapter);
  const traced = traceGraph(network, adapter.head, weights, trainedParts(adapter, weights));
  return foldConstants(store(traced, weights));
}
