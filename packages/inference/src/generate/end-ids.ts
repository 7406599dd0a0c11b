import { InvalidInputError, type Tokenizer } from "@blora/spec";

const CHATML_END = "<|im_end|>";
/** Stands in no template. */
const TURN = "4127";

/**
 * Ids that end a text: those the checkpoint's files name, the tokenizer's end of text, and what ends a turn of the
 * assistant. How to sample is the caller's to say: `do_sample`, `temperature`, `top_p` and `top_k` of
 * `generation_config.json` are not read.
 */
export function endIds(tokenizer: Tokenizer): number[] {
  const { stopIds = [], special } = tokenizer;
  return [...new Set([...stopIds, special.eos, endOfTurn(tokenizer)])].filter((id) => id !== undefined);
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
