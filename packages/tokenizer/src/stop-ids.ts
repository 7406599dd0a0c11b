import { InvalidInputError } from "@blora/spec";
import { readJsonIfPresent } from "./json-file.ts";
import type { TokenizerFiles } from "./tokenizer-files.ts";

/** Files that say where the model ends a text, the one that counts first. */
const FILES = ["generation_config.json", "config.json"];

/**
 * Ids that end what the model writes: those of `eos_token_id`, of which a chat model has several, and the tokenizer's own.
 *
 * @throws InvalidInputError where a file gives anything but an id or a list of them
 */
export async function readStopIds(files: TokenizerFiles, eos: number | undefined): Promise<readonly number[]> {
  const own = eos === undefined ? [] : [eos];
  for (const name of FILES) {
    const found = (await readJsonIfPresent(files, name))?.eos_token_id ?? undefined;
    if (found === undefined) continue;
    const ids: readonly unknown[] = Array.isArray(found) ? found : [found];
    if (ids.every((id) => Number.isSafeInteger(id))) return [...new Set([...(ids as number[]), ...own])];
    throw new InvalidInputError(
      `${files.path(name)}: expected an id or a list of ids at eos_token_id, found ${JSON.stringify(found)}.`,
    );
  }
  return own;
}
