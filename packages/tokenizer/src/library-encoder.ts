import { resolve } from "node:path";
import { InvalidInputError } from "@blora/spec";
import type { Encoder } from "./encoder.ts";

/**
 * Encoder of any `tokenizer.json` that `AutoTokenizer` of
 * `@huggingface/transformers` reads: byte-pair encoding, WordPiece and the rest.
 */
export async function createLibraryEncoder(folder: string): Promise<Encoder> {
  // Imported here because it takes a fifth of a second and loads an inference runtime.
  const { AutoTokenizer } = await import("@huggingface/transformers");
  const tokenizer = await AutoTokenizer.from_pretrained(resolve(folder), { local_files_only: true }).catch(
    (cause: unknown) => {
      throw new InvalidInputError(`Cannot read the tokenizer in ${folder}: ${(cause as Error).message}`, { cause });
    },
  );
  return {
    vocabulary: tokenizer.get_vocab(),
    decode: (ids) => {
      // The library refuses an empty list.
      if (ids.length === 0) return "";
      return tokenizer.decode([...ids], { skip_special_tokens: true, clean_up_tokenization_spaces: false });
    },
    encode(text) {
      try {
        return tokenizer.encode(text, { add_special_tokens: false });
      } catch (cause) {
        if (!(cause instanceof RangeError)) throw cause;
        throw new InvalidInputError(`A text of ${text.length} characters is too long for the tokenizer in ${folder}`, {
          cause,
        });
      }
    },
  };
}
