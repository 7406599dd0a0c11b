import type { Tokenizer } from "@blora/spec";
import { filesOfFolder } from "./folder-files.ts";
import { openTokenizer } from "./load-tokenizer.ts";

/** `tokenizerOfFiles` of a model folder on disk. */
export const loadTokenizer = (folder: string): Promise<Tokenizer> => openTokenizer(filesOfFolder(folder));

export { tokenizerOfFiles } from "./web.ts";
export { writeTokenizerJson } from "./write-tokenizer-json.ts";
