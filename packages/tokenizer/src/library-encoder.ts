import { resolve } from "node:path";
import { InvalidInputError, type JsonRecord, type Message } from "@blora/spec";
import type { PreTrainedTokenizer } from "@huggingface/transformers";
import type { Encoder } from "./encoder.ts";

/** Runs `load` and says whose tokenizer it was where it fails. */
async function open(folder: string, load: () => Promise<PreTrainedTokenizer>): Promise<PreTrainedTokenizer> {
  try {
    return await load();
  } catch (cause) {
    throw new InvalidInputError(`Cannot read the tokenizer in ${folder}: ${(cause as Error).message}`, { cause });
  }
}

function encoderOf(tokenizer: PreTrainedTokenizer, folder: string): Encoder {
  return {
    ...(tokenizer.chat_template && {
      applyChatTemplate: (messages, answering) => applyTemplate(tokenizer, folder, messages, answering),
    }),
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

function applyTemplate(
  tokenizer: PreTrainedTokenizer,
  folder: string,
  messages: readonly Message[],
  answering: boolean,
): string {
  const conversation = messages.map(({ role, content }) => ({ role, content }));
  try {
    const options = { tokenize: false, add_generation_prompt: answering } as const;
    return tokenizer.apply_chat_template(conversation, options) as string;
  } catch (cause) {
    throw new InvalidInputError(
      `The chat_template of ${folder} refuses a conversation of ${messages.map(({ role }) => role).join(", ")}: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/**
 * Encoder of any `tokenizer.json` that `AutoTokenizer` of
 * `@huggingface/transformers` reads: byte-pair encoding, WordPiece and the rest.
 */
export async function createLibraryEncoder(folder: string): Promise<Encoder> {
  // Imported here because it takes a fifth of a second and loads an inference runtime.
  const { AutoTokenizer } = await import("@huggingface/transformers");
  const options = { local_files_only: true };
  return encoderOf(await open(folder, () => AutoTokenizer.from_pretrained(resolve(folder), options)), folder);
}

/** The same of the contents of a `tokenizer.json` and a `tokenizer_config.json`. `folder` is where they come from. */
export async function createEncoderOfJson(json: JsonRecord, config: JsonRecord, folder: string): Promise<Encoder> {
  const { PreTrainedTokenizer } = await import("@huggingface/transformers");
  return encoderOf(await open(folder, async () => new PreTrainedTokenizer(json, config)), folder);
}
