import { parseStrictJsonObject } from "@blora/spec";

export const TOKENIZER_CONFIG = "tokenizer_config.json";
const KEY = "model_max_length";

/**
 * A tokenizer that cuts texts at a length: pipelines cut at `model_max_length`, which many a model leaves at 1e30.
 *
 * @param bytes of a `tokenizer_config.json`
 * @param longest tokens; Infinity for no limit
 * @param origin what an error names
 * @returns its new text; undefined where it cuts there or before
 */
export function limitedTokenizer(bytes: Uint8Array, longest: number, origin: string): string | undefined {
  const config = parseStrictJsonObject(bytes, { origin });
  if (longest >= textLimitIn(config)) return undefined;
  return `${JSON.stringify({ ...config, [KEY]: longest }, null, 2)}\n`;
}

/** Tokens at which a `tokenizer_config.json` cuts texts; Infinity where it does not tell. */
export function textLimitIn(config: Readonly<Record<string, unknown>>): number {
  const given = config[KEY];
  return typeof given === "number" && given >= 1 ? given : Infinity;
}
