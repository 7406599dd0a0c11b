import { join } from "node:path";
import { InvalidInputError, type Json, type Tokenizer } from "@blora/spec";
import { type Checkpoint, readJsonFileIfPresent } from "@blora/weights";

const GENERATION_CONFIG = "generation_config.json";
const CHATML_END = "<|im_end|>";
/** Stands in no template. */
const TURN = "4127";

/**
 * Ids that end a text: `eos_token_id` of `generation_config.json`, else of `config.json`, as transformers has it; the
 * tokenizer's end of text; and what ends a turn of the assistant. How to sample is the caller's to say: `do_sample`,
 * `temperature`, `top_p` and `top_k` of the file are not read.
 *
 * @throws InvalidInputError where a file names an id that is none
 */
export function endIds(tokenizer: Tokenizer, { folder, config }: Pick<Checkpoint, "folder" | "config">): number[] {
  const path = join(folder, GENERATION_CONFIG);
  const named = idsIn(readJsonFileIfPresent(path)?.eos_token_id as Json | undefined, path);
  const ids = named.length > 0 ? named : idsIn(config.eos_token_id, join(folder, "config.json"));
  return [...new Set([...ids, tokenizer.special.eos, endOfTurn(tokenizer)])].filter((id) => id !== undefined);
}

/** An id, a list of them, or none. */
function idsIn(value: Json | undefined, path: string): number[] {
  const ids = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
  const wrong = ids.find((id) => !Number.isInteger(id));
  if (wrong === undefined) return ids as number[];
  throw new InvalidInputError(`${path}: eos_token_id: expected whole numbers, found ${JSON.stringify(wrong)}.`);
}

/** The special token after a turn of the assistant, where there is one: by the checkpoint's template, else ChatML's. */
function endOfTurn(tokenizer: Tokenizer): number | undefined {
  const [id] = tokenizer.encode(afterTurn(tokenizer));
  // One of a word boundary is text where it stands twice.
  const isSpecial = id !== undefined && id !== tokenizer.special.unknown && tokenizer.decode([id, id]) === "";
  return isSpecial ? id : undefined;
}

function afterTurn({ applyChatTemplate }: Tokenizer): string {
  if (applyChatTemplate === undefined) return CHATML_END;
  const turns = ["user", "assistant"].map((role) => ({ role, content: TURN }));
  try {
    return applyChatTemplate(turns, false).split(TURN).at(2)?.trimStart() ?? "";
  } catch (error) {
    // A template may refuse any conversation; a plain text needs none.
    if (InvalidInputError.isInstance(error)) return "";
    throw error;
  }
}
