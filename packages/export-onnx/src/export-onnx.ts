import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { limitTexts } from "@blora/adapters";
import { copyCompanionFiles, requireFreeSpace, writeError } from "@blora/files";
import type { Network, OpenNetwork, PlainAdapter } from "@blora/network";
import type { CodedUpdate } from "@blora/spec";
import { adapterFingerprint } from "./adapter-fingerprint.ts";
import { FORMATS, type Format, longestText, plainGraph, type WeightFormat } from "./export-graph.ts";
import type { StoredGraph } from "./graph/float-weights.ts";
import { foldConstants } from "./graph/fold-constants.ts";
import { trainedParts } from "./trace/forward-parts.ts";
import { traceGraph } from "./trace/trace-graph.ts";
import { trainedWeights } from "./weights.ts";
import { requireExportFolder, requireSameAdapter } from "./write/export-folder.ts";
import { writeConfig } from "./write/model-folder.ts";
import { writeGraph } from "./write/write-graph.ts";

export interface ExportOptions {
  readonly network: Network;
  /** Its plain update; or, opened in the form `trained`, the adapter as its method evaluates it, rounding included. */
  readonly adapter: PlainAdapter | OpenNetwork;
  /** Folder, made where absent. Files of an earlier export are replaced one by one, others stay. */
  readonly out: string;
  /** Folder the files go to in the end, where that is not `out`: earlier exports in it are of the same adapter. */
  readonly destination?: string;
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

/**
 * Writes a model with its adapter as a folder that `@huggingface/transformers`
 * loads: `onnx/<file>`, `config.json` with the labels, and the tokenizer,
 * which cuts texts at `longest`.
 *
 * @throws InvalidInputError for a head no pipeline takes, and a folder with a graph of another adapter
 */
export async function exportOnnx(options: ExportOptions): Promise<ExportSummary> {
  const {
    network,
    adapter,
    out,
    destination = out,
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
  const adapterSha256 = adapterFingerprint(adapter);
  requireSameAdapter(destination, file, adapterSha256);
  await mkdir(join(out, "onnx"), { recursive: true });
  const needed = tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
  await requireFreeSpace(out, needed, { what: "the graph's weights", advice: "Choose a folder with more room." });
  const aside = await mkdtemp(join(out, ".export-"));
  try {
    const { bytes, chunks } = await writeGraph(join(aside, file), graph, tensors);
    for (const name of await readdir(aside)) await rename(join(aside, name), join(out, "onnx", name));
    await writeConfig(out, network.checkpoint, { head: adapter.head, file, dtype, chunks, adapterSha256 });
    const tokenizer = copyCompanionFiles(network.checkpoint.folder, out);
    const longest = longestText(network, adapter);
    await limitTexts(out, longest);
    return { file: join("onnx", file), bytes, dtype, longest, tokenizer };
  } catch (error) {
    throw writeError(error, join(out, "onnx", file), needed);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** Weights as their quantizers round them: those of few bits as codes, whose products are of whole numbers. */
function trainedGraph(network: Network, adapter: OpenNetwork, store: Format["store"]): Promise<StoredGraph> {
  const weights = trainedWeights(network, adapter);
  const traced = traceGraph(network, adapter.head, weights, trainedParts(adapter, weights));
  return foldConstants(store(traced, weights));
}
