import {
  type AssembledTokens,
  InvalidInputError,
  isJsonRecord,
  type JsonRecord,
  type SpecialTokens,
} from "@blora/spec";
import { recordsOf } from "./json-file.ts";

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

/**
 * The frame of a `tokenizer.json`, from its post-processor of type TemplateProcessing, alone or in a sequence.
 *
 * @returns undefined where there is none
 * @throws InvalidInputError naming the file, for a template without its texts or with a token of no id
 */
export function readFrame({ post_processor: found }: JsonRecord, path: string): Frame | undefined {
  const processors =
    isJsonRecord(found) && found.type === "Sequence" ? recordsOf(found.processors) : recordsOf([found]);
  const template = processors.find(({ type }) => type === "TemplateProcessing");
  if (template === undefined) return undefined;
  const slots = (key: "single" | "pair", texts: readonly string[]): Slot[] => {
    const pieces = recordsOf(template[key]).flatMap((piece) => slotsOf(piece, template.special_tokens, path));
    const found = pieces.flatMap(({ token }) => (typeof token === "string" ? [token] : []));
    if (String(found) === String(texts)) return pieces;
    throw new InvalidInputError(
      `${path}: post_processor: expected a template "${key}" with the ${texts.join(" and the ")} text once, found ${JSON.stringify(template[key])}.`,
    );
  };
  return { single: slots("single", ["first"]), pair: slots("pair", ["first", "second"]) };
}

const TEXTS: Readonly<Record<string, Slot["token"]>> = { A: "first", B: "second" };

function slotsOf(piece: JsonRecord, specialTokens: unknown, path: string): Slot[] {
  const { SpecialToken: special, Sequence: sequence } = piece;
  const { id, type_id: type } = (
    isJsonRecord(special) ? special : isJsonRecord(sequence) ? sequence : {}
  ) as JsonRecord;
  const segment = type === 1 ? 1 : 0;
  if (isJsonRecord(sequence)) return [{ token: TEXTS[String(id)] ?? "first", segment }];
  const entry = isJsonRecord(specialTokens) ? specialTokens[String(id)] : undefined;
  const ids: unknown = isJsonRecord(entry) ? entry.ids : undefined;
  if (Array.isArray(ids) && ids.every((token) => Number.isInteger(token) && token >= 0)) {
    return ids.map((token) => ({ token, segment }));
  }
  throw new InvalidInputError(
    `${path}: post_processor: expected the ids of ${JSON.stringify(id)} in special_tokens, found ${JSON.stringify(ids)}.`,
  );
}

/**
 * The frame of a language model whose files bring no template: the texts one after the other, each after the first
 * token where `tokenizer_config.json` asks for it (`add_bos_token`).
 */
export function languageModelFrame({ bos }: Pick<SpecialTokens, "bos">, config: JsonRecord): Frame {
  const first: Slot[] = config.add_bos_token === true && bos !== undefined ? [{ token: bos, segment: 0 }] : [];
  const single: Slot[] = [...first, { token: "first", segment: 0 }];
  const second: Slot[] = [...first, { token: "second", segment: 0 }];
  return { single, pair: [...single, ...second.map(({ token }): Slot => ({ token, segment: 1 }))] };
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
