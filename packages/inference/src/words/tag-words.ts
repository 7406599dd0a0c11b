import type { OpenNetwork } from "@blora/network";
import { placeTokens } from "@blora/spec";
import { rowLogits } from "../logits.ts";
import { isText, requireInputs } from "../require-inputs.ts";
import type { Runtime } from "../runtime.ts";
import { type Aggregation, findEntities, type TaggedSpan } from "./find-entities.ts";
import { readWords, type WordsInput } from "./read-words.ts";

export interface TagOptions {
  /** Default `first`: each word has the tag of its first token, as in training. */
  readonly aggregation?: Aggregation;
}

const isTextOrWords = (value: unknown): boolean => isText(value) || (Array.isArray(value) && value.every(isText));

/** Entities of every text; a text that is too long is cut. */
export async function tagWords(
  runtime: Runtime,
  network: OpenNetwork,
  labels: readonly string[],
  inputs: readonly WordsInput[],
  { aggregation = "first" }: TagOptions = {},
): Promise<TaggedSpan[][]> {
  const { tokenizer } = runtime;
  const longest = Math.min(network.maxLength, network.maxSeqLength);
  requireInputs(inputs, isTextOrWords, "texts, or of lists of words");
  const texts = inputs.map((input) => readWords(input, tokenizer));
  const rows = texts.map(({ pieces }) =>
    placeTokens(
      tokenizer,
      pieces.map(({ id }) => id),
      longest,
    ),
  );
  const logits = await runtime.exclusively(() => rowLogits(runtime, network, rows));
  const C = labels.length;
  return texts.map((text, row) => {
    const ofPieces = rows[row]!.places.map((place) => logits[row]!.subarray(place * C, (place + 1) * C));
    return findEntities(text, ofPieces, labels, aggregation);
  });
}
