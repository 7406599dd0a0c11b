import { limitedTokenizer, TOKENIZER_CONFIG } from "@blora/adapters";
import type { Network, PlainAdapter } from "@blora/network";
import { adapterFingerprint } from "./adapter-fingerprint.ts";
import { FORMATS, longestText, plainGraph, type WeightFormat } from "./export-graph.ts";
import { CONFIG, exportedConfig } from "./write/exported-config.ts";
import { modelBytes } from "./write/model-bytes.ts";

export interface ExportInMemoryOptions {
  readonly network: Network;
  readonly adapter: PlainAdapter;
  /** The tokenizer's files, and `config.json` if it is there, by name. */
  readonly companions: ReadonlyMap<string, Uint8Array>;
  /** Default `float32`. */
  readonly weights?: WeightFormat;
}

/**
 * `exportOnnx` without a file system: the files of its folder by their names, with the update added to the weights. The
 * graph holds them all, so that the model must have less than 2 GiB.
 *
 * @throws InvalidInputError for a head no pipeline takes
 */
export function exportInMemory(options: ExportInMemoryOptions): Map<string, Uint8Array> {
  const { network, adapter, companions, weights = "float32" } = options;
  const { file, dtype, store } = FORMATS[weights];
  const { graph, tensors } = plainGraph(network, adapter, store, undefined);
  const source = new TextDecoder().decode(companions.get(CONFIG));
  const { head } = adapter;
  const exported = { head, file, dtype, chunks: 0, adapterSha256: adapterFingerprint(adapter) };
  const config = exportedConfig(network.checkpoint.config, source, exported);
  const files = new Map(companions);
  const tokenizer = companions.get(TOKENIZER_CONFIG);
  const limited = tokenizer && limitedTokenizer(tokenizer, longestText(network, adapter), TOKENIZER_CONFIG);
  if (limited !== undefined) files.set(TOKENIZER_CONFIG, new TextEncoder().encode(limited));
  files.set(CONFIG, new TextEncoder().encode(config));
  return files.set(`onnx/${file}`, modelBytes(graph, tensors));
}
