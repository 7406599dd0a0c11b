import { type AssembledTokens, InvalidInputError, type JsonRecord, type SpecialTokens, textOfJson } from "@blora/spec";

/** A special token, or the place of a text, with the segment it counts to. */
export interface Slot {
  readonly token: number | "first" | "second";
  readonly segment: 0 | 1;
}

/** What one text, or two, become. */
export interface Frame {
  readonly single: readonly Slot[];
  readonly pair: readonly Slot[];
}

/** How two texts are put together: `[CLS] first [SEP] second [SEP]`, with one separator between or two. */
export interface PairForm {
  readonly separators: 1 | 2;
  /** Token type of the second text and the separator after it. */
  readonly secondType: 0 | 1;
}

export const BERT_PAIRS: PairForm = { separators: 1, secondType: 1 };
export const ROBERTA_PAIRS: PairForm = { separators: 2, secondType: 0 };

/** The form that a tokenizer's class, or else a model's type, was trained with, where no post-processor says it. */
export function namedPairForm(tokenizerClass: unknown, modelType: unknown): PairForm {
  const isRoberta = [tokenizerClass, modelType].some((name) => /roberta|camembert/i.test(textOfJson(name)));
  return isRoberta ? ROBERTA_PAIRS : BERT_PAIRS;
}

export function bertFrame(cls: number, sep: number, form: PairForm): Frame {
  const single: Slot[] = [cls, "first" as const, sep].map((token) => ({ token, segment: 0 }));
  const between: Slot[] = form.separators === 2 ? [{ token: sep, segment: 0 }] : [];
  const segment = form.secondType;
  return { single, pair: [...single, ...between, { token: "second", segment }, { token: sep, segment }] };
}

/**
 * The frame of a language model whose files bring no template: the texts one after the other, each after the first
 * token and before the last where `tokenizer_config.json` asks for them (`add_bos_token`, `add_eos_token`).
 */
export function languageModelFrame({ bos, eos }: Pick<SpecialTokens, "bos" | "eos">, config: JsonRecord): Frame {
  const slots = (text: Slot["token"], segment: Slot["segment"]): Slot[] => {
    const before = config.add_bos_token === true && bos !== undefined ? [bos] : [];
    const after = config.add_eos_token === true && eos !== undefined ? [eos] : [];
    return [...before, text, ...after].map((token) => ({ token, segment }));
  };
  return { single: slots("first", 0), pair: [...slots("first", 0), ...slots("second", 1)] };
}

/**
 * A text or two in a frame, in at most `maxLength` ids. What would have no token is `empty` alone.
 *
 * @param share tokens that each text keeps of a room
 * @throws InvalidInputError where `maxLength` leaves a text no token
 */
export function fillFrame(
  slots: readonly Slot[],
  texts: readonly [first: readonly number[], second?: readonly number[] | undefined],
  maxLength: number,
  share: (first: number, second: number, room: number) => [number, number],
  empty?: number,
): AssembledTokens {
  const [first, second] = texts;
  const count = second === undefined ? 1 : 2;
  const specials = slots.length - count;
  const room = maxLength - specials;
  if (!(room >= count)) {
    throw new InvalidInputError(
      `Expected a maximum length of at least ${specials + count} tokens for ${count === 1 ? "one text" : "two texts"}, found ${maxLength}`,
    );
  }
  const [firstLength, secondLength] = share(first.length, second?.length ?? 0, room);
  const kept = { first: first.slice(0, firstLength), second: second?.slice(0, secondLength) ?? [] };
  const filled = slots.flatMap(({ token, segment }) =>
    (typeof token === "number" ? [token] : kept[token]).map((id) => ({ id, segment })),
  );
  const tokens = filled.length === 0 && empty !== undefined ? [{ id: empty, segment: 0 as const }] : filled;
  return {
    inputIds: tokens.map(({ id }) => id),
    tokenTypeIds: tokens.map(({ segment }) => segment),
    truncated: first.length + (second?.length ?? 0) > room,
  };
}
