import type { Tokenizer } from "@blora/spec";
import { filesOfFolder } from "./folder-files.ts";
import { openTokenizer } from "./load-tokenizer.ts";

export interface TokenizerOptions {
  /** Folder whose chat template counts before the model's own, where it has one: adapters that learned chats bring theirs. */
  readonly chatFrom?: string | undefined;
}

/** `tokenizerOfFiles` of a model folder on disk. */
export const loadTokenizer = (folder: string, { chatFrom }: TokenizerOptions = {}): Promise<Tokenizer> =>
  openTokenizer(filesOfFolder(folder), chatFrom === undefined ? undefined : filesOfFolder(chatFrom));

export { tokenizerOfFiles } from "./web.ts";
export { writeTokenizerJson } from "./write-tokenizer-json.ts";
