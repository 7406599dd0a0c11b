import { type AssembledTokens, InvalidInputError, type SpecialTokens, type Tokenizer } from "@blora/spec";

/** Lengths that two texts keep of `room` tokens. Of an odd room the longer text, or the second of equals, keeps one more. */
function longestFirst(first: number, second: number, room: number): [number, number] {
  if (first + second <= room) return [first, second];
  const shorterKeeps = Math.min(first, second, Math.floor(room / 2));
  const longerKeeps = room - shorterKeeps;
  return first > second ? [longerKeeps, shorterKeeps] : [shorterKeeps, longerKeeps];
}

/** How two texts are put together: BERT's way, or RoBERTa's, whose separator stands twice between them. */
export type PairForm = "bert" | "roberta";

/** The form that a tokenizer's class, or else a model's type, was trained with. */
export function pairFormOf(tokenizerClass: unknown, modelType: unknown): PairForm {
  const isRoberta = [tokenizerClass, modelType].some((name) => /roberta|camembert/i.test(String(name)));
  return isRoberta ? "roberta" : "bert";
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
  form: PairForm = "bert",
): Tokenizer["assemble"] {
  return (first, second, maxLength): AssembledTokens => {
    if (cls === undefined || sep === undefined) {
      throw new InvalidInputError(
        "Expected a tokenizer with cls_token and sep_token to frame a text, as BERT's has, found one of a language model",
      );
    }
    const texts = second === undefined ? 1 : 2;
    const between = texts === 2 && form === "roberta" ? [sep, sep] : [sep];
    const room = maxLength - texts - between.length;
    if (!(room >= texts)) {
      throw new InvalidInputError(
        `Expected a maximum length of at least ${2 * texts + between.length} tokens for ${texts === 1 ? "one text" : "two texts"}, found ${maxLength}`,
      );
    }
    const [firstLength, secondLength] = longestFirst(first.length, second?.length ?? 0, room);
    const head = [cls, ...first.slice(0, firstLength), ...between];
    const tail = second === undefined ? [] : [...second.slice(0, secondLength), sep];
    return {
      inputIds: [...head, ...tail],
      tokenTypeIds: [...head.map(() => 0), ...tail.map(() => (form === "roberta" ? 0 : 1))],
      truncated: first.length + (second?.length ?? 0) > room,
    };
  };
}
