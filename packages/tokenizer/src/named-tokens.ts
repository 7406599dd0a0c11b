import { InvalidInputError, isJsonRecord, type JsonRecord } from "@blora/spec";
import { recordsOf } from "./json-file.ts";
import { configuredTokens } from "./special-tokens.ts";

/** What the files beside a vocabulary say of tokens that are found in the text itself. */
export interface NamedTokens {
  readonly folder: string;
  readonly tokenizerConfig: JsonRecord | undefined;
  readonly specialTokensMap: JsonRecord | undefined;
  /** `added_tokens.json`: token to id. */
  readonly addedTokens: JsonRecord | undefined;
}

/** Flags of a token that is only given an id, and of one that is only named as a special one. */
const ADDED = { special: false, normalized: true, lstrip: false, rstrip: false, single_word: false };
const SPECIAL = { ...ADDED, special: true, normalized: false };

/**
 * A `tokenizer.json` with the tokens that the files beside it add (`added_tokens_decoder` of `tokenizer_config.json`,
 * `added_tokens.json`) or name as special, which transformers finds in a text too.
 *
 * @throws InvalidInputError naming the file that gives a token no id, or an id no token
 */
export function withNamedTokens(json: JsonRecord, named: NamedTokens): JsonRecord {
  const idInVocabulary = vocabularyOf(json.model);
  const tokens = [...recordsOf(json.added_tokens)];
  const place = new Map(tokens.map(({ content }, index) => [content, index]));
  for (const token of givenTokens(named)) {
    if (place.has(token.content)) continue;
    place.set(token.content, tokens.length);
    tokens.push({ ...token, id: idInVocabulary(token.content as string) ?? token.id! });
  }
  for (const { content, ...flags } of configuredTokens([named.tokenizerConfig, named.specialTokensMap])) {
    const index = place.get(content);
    const id = idInVocabulary(content);
    if (index !== undefined) tokens[index] = { ...tokens[index]!, special: true };
    else if (id !== undefined) {
      place.set(content, tokens.length);
      tokens.push({ ...SPECIAL, ...flags, content, id });
    }
  }
  return { ...json, added_tokens: tokens };
}

/** Tokens with the ids that files give them. */
export function givenTokens({ tokenizerConfig, addedTokens, folder }: NamedTokens): JsonRecord[] {
  const { added_tokens_decoder: decoder } = tokenizerConfig ?? {};
  const described = Object.entries(isJsonRecord(decoder) ? decoder : {}).map(([id, token]) => {
    if (/^\d+$/.test(id) && isJsonRecord(token) && typeof token.content === "string")
      return { ...token, id: Number(id) };
    throw new InvalidInputError(
      `tokenizer_config.json in ${folder}: expected added_tokens_decoder to name the content of each id, ` +
        `found ${JSON.stringify(token)} for ${JSON.stringify(id)}`,
    );
  });
  const listed = Object.entries(addedTokens ?? {}).map(([content, id]) => {
    if (Number.isSafeInteger(id) && (id as number) >= 0) return { ...ADDED, content, id: id as number };
    throw new InvalidInputError(
      `added_tokens.json in ${folder}: expected an id for ${JSON.stringify(content)}, found ${JSON.stringify(id)}`,
    );
  });
  return [...described, ...listed];
}

/** Ids of a model's own tokens: an object of most kinds, a list of Unigram's. */
function vocabularyOf(model: unknown): (token: string) => number | undefined {
  const { vocab } = isJsonRecord(model) ? model : {};
  if (isJsonRecord(vocab)) {
    return (token) => (Object.hasOwn(vocab, token) ? (vocab[token] as number) : undefined);
  }
  const rows: readonly unknown[] = Array.isArray(vocab) ? vocab : [];
  return (token) => {
    const id = rows.findIndex((row) => Array.isArray(row) && row[0] === token);
    return id < 0 ? undefined : id;
  };
}
