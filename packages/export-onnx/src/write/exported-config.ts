import { configText } from "@blora/adapters";
import { configWithHead, type Head, type JsonObject } from "@blora/spec";

/** What `config.json` says of an export beyond the network itself. */
export interface ExportedHead {
  readonly head: Head;
  /** Name of the graph's file. */
  readonly file: string;
  readonly dtype: string;
  /** Files of weights beside the graph. */
  readonly chunks: number;
  /** Of what was added to the base model. */
  readonly adapterSha256: string;
}

/** Says what a model is, also to transformers.js. */
export const CONFIG = "config.json";

/** Key of `config.json` that every export writes. */
export const LIBRARY = "transformers.js_config";

/** What stands there. */
export interface LibraryConfig {
  /** Files of weights beside each graph, by its name. */
  readonly use_external_data_format?: Readonly<Record<string, number>>;
  readonly adapter_sha256?: string;
}

/**
 * The base model's `config.json`, with the labels of the head and where transformers.js finds the weights.
 *
 * @param source what the file of the base model holds, see `configText`
 * @param earlier of an export to the same folder in another weight format
 */
export function exportedConfig(
  base: JsonObject,
  source: string,
  { head, file, dtype, chunks, adapterSha256 }: ExportedHead,
  earlier: Readonly<Record<string, unknown>> = {},
): string {
  const { use_external_data_format: others } = (earlier[LIBRARY] ?? {}) as LibraryConfig;
  const external = { ...others, [file]: chunks };
  const config = {
    ...configWithHead(base, head),
    [LIBRARY]: { dtype, use_external_data_format: external, adapter_sha256: adapterSha256 },
  };
  return configText(config, source, { nonFinite: false });
}
