import { join } from "node:path";
import { readJsonFileIfPresent, readTextIfPresent, writeFileDurably } from "@blora/files";
import type { JsonObject } from "@blora/spec";
import { configText } from "./config-text.ts";

const GENERATION_CONFIG = "generation_config.json";
/** What a model without a `generation_config.json` has in its `config.json` instead. */
const TOKENS = ["bos_token_id", "pad_token_id"];

/**
 * Adds ids to those that end a text by a model's files: a base model's name no end of a turn, which an adapter learned
 * to write, so that transformers would go on after an answer. Where nothing is to be added the folder stays as it is.
 *
 * @param ids in place of those the files name, which are among them
 */
export async function endTextsAt(folder: string, ids: readonly number[]): Promise<void> {
  const path = join(folder, GENERATION_CONFIG);
  const generation = readJsonFileIfPresent(path) as JsonObject | undefined;
  const config = (readJsonFileIfPresent(join(folder, "config.json")) ?? {}) as JsonObject;
  const named: readonly unknown[] = [generation?.eos_token_id ?? config.eos_token_id ?? []].flat();
  if (ids.every((id) => named.includes(id))) return;
  const tokens = Object.fromEntries(TOKENS.flatMap((name) => (config[name] == null ? [] : [[name, config[name]]])));
  // Under this mark transformers may read the ids of `config.json` instead.
  const { _from_model_config: _, ...own } = generation ?? tokens;
  const source = (await readTextIfPresent(path)) ?? "";
  await writeFileDurably(path, configText({ ...own, eos_token_id: ids }, source));
}
