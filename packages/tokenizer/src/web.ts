import type { Tokenizer } from "@blora/spec";
import { openTokenizer } from "./load-tokenizer.ts";
import { tokenizerFilesOf } from "./tokenizer-files.ts";

/**
 * The tokenizer of a model's files in memory, by their names in its folder, see `openTokenizer`.
 *
 * @param name what to call the folder, in errors
 */
export const tokenizerOfFiles = (files: ReadonlyMap<string, Uint8Array>, name: string): Promise<Tokenizer> =>
  openTokenizer(tokenizerFilesOf(files, name));
