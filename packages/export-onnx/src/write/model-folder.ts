import { join } from "node:path";
import { readJsonFileIfPresent, writeFileDurably } from "@blora/files";
import { configWithHead, type Head, type JsonObject } from "@blora/spec";

/** What `config.json` says of an export beyond the network itself. */
export interface ExportedHead {
  readonly head: Head;
  /** Name of the graph's file. */
  readonly file: string;
  readonly dtype: string;
  /** Files of weights beside the graph. */
  readonly chunks: number;
}

/** Says what a model is, also to transformers.js. */
export const CONFIG = "config.json";

/** The base model's `config.json`, with the labels of the head and where transformers.js finds the weights. */
export async function writeConfig(
  folder: string,
  base: JsonObject,
  { head, file, dtype, chunks }: ExportedHead,
): Promise<void> {
  const path = join(folder, CONFIG);
  const earlier = readJsonFileIfPresent(path);
  const { use_external_data_format: others } = (earlier?.[LIBRARY] ?? {}) as { use_external_data_format?: JsonObject };
  const external = { ...others, [file]: chunks };
  const config = {
    ...configWithHead(base, head),
    [LIBRARY]: { dtype, use_external_data_format: external },
  };
  await writeFileDurably(path, `${JSON.stringify(config, null, 2)}\n`);
}

/** Key of `config.json` that every export writes. */
export const LIBRARY = "transformers.js_config";
