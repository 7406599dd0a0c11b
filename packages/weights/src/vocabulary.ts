import { InvalidInputError, type Tokenizer } from "@blora/spec";
import type { Checkpoint } from "./checkpoint.ts";

/** Rows of the token embedding. Every Hugging Face configuration has `vocab_size`; undefined where one lacks it. */
export function vocabularySizeOf({ config }: Pick<Checkpoint, "config">): number | undefined {
  const size = (config as { vocab_size?: unknown } | null)?.vocab_size;
  return typeof size === "number" ? size : undefined;
}

/**
 * Checks that a tokenizer goes with a checkpoint.
 *
 * @param model id or folder of the checkpoint, for the message
 * @throws InvalidInputError where it has ids that the model does not embed
 */
export function requireVocabulary(
  { vocabularySize }: Pick<Tokenizer, "vocabularySize">,
  checkpoint: Pick<Checkpoint, "config">,
  model: string,
): void {
  const rows = vocabularySizeOf(checkpoint);
  if (rows === undefined || vocabularySize <= rows) return;
  const more = vocabularySize - rows;
  throw new InvalidInputError(
    `${model}: expected a tokenizer of at most ${rows} ids, the model's vocab_size, found one of ${vocabularySize}. ` +
      `${more === 1 ? "1 token is" : `${more} tokens are`} more than the model's table has rows: remove added tokens, such as a ` +
      "padding token, from the tokenizer's files, or take the tokenizer the model was trained with.",
  );
}
