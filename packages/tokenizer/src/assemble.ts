import { type AssembledTokens, InvalidInputError, type SpecialTokens, type Tokenizer } from "@blora/spec";
import { BERT_PAIRS, bertFrame, type Frame, fillFrame, type PairForm } from "./frame.ts";

/** Lengths that two texts keep of `room` tokens. Of an odd room the longer text, or the second of equals, keeps one more. */
function longestFirst(first: number, second: number, room: number): [number, number] {
  if (first + second <= room) return [first, second];
  const shorterKeeps = Math.min(first, second, Math.floor(room / 2));
  const longerKeeps = room - shorterKeeps;
  return first > second ? [longerKeeps, shorterKeeps] : [shorterKeeps, longerKeeps];
}

/**
 * Builds `Tokenizer.assemble` of a BERT-like model. Lengths are those of the
 * `longest_first` truncation of Hugging Face's fast tokenizers.
 *
 * The result throws `InvalidInputError` where `maxLength` leaves a text no
 * token, and where there is no `cls` or no `sep`.
 */
export function createAssemble(
  { cls, sep }: Pick<SpecialTokens, "cls" | "sep">,
  form: PairForm = BERT_PAIRS,
): Tokenizer["assemble"] {
  return (first, second, maxLength): AssembledTokens => {
    if (cls === undefined || sep === undefined) {
      throw new InvalidInputError(
        "Expected a tokenizer with both cls_token and sep_token to frame a text, as BERT's has, or neither, found one of them",
      );
    }
    const { single, pair } = bertFrame(cls, sep, form);
    return fillFrame(second === undefined ? single : pair, [first, second], maxLength, longestFirst);
  };
}

/**
 * Builds `Tokenizer.assemble` of a language model, as its tokenizer puts texts together: by the template of its
 * `tokenizer.json`, or one after the other. A text that gives no token is the end of text alone.
 */
export function createLanguageModelAssemble(
  { single, pair }: Frame,
  { eos, pad }: SpecialTokens,
): Tokenizer["assemble"] {
  return (first, second, maxLength) =>
    fillFrame(second === undefined ? single : pair, [first, second], maxLength, longestFirst, eos ?? pad);
}
