import { createTimeLimit, type TimeLimit } from "@blora/files";
import { BloraError, InvalidInputError, isJsonRecord, type JsonRecord, textOfJson } from "@blora/spec";
import type { PreTrainedTokenizer } from "@huggingface/transformers";
import { createSplitter, readAddedTokens } from "./added-tokens.ts";
import type { Encoder } from "./encoder.ts";
import { recordsOf, stepsOf } from "./json-file.ts";
import { sameSteps } from "./pre-tokenizers.ts";
import { createWordPiece } from "./wordpiece.ts";
import { withPrefixSpace } from "./words.ts";

/** The most tokens a model's configuration may have. */
const LARGEST_VOCABULARY = 2 ** 22;
/** A text of a megabyte takes a second. */
const PATTERN_MILLISECONDS = 8000;

/** A limit where parts look for what the file brings: an expression may take forever, and an empty text is found forever. */
function limitOf(parts: readonly unknown[], folder: string): TimeLimit {
  return JSON.stringify(parts).includes('"pattern":')
    ? createTimeLimit(PATTERN_MILLISECONDS, `A regular expression of the tokenizer in ${folder}`)
    : (work) => work();
}

/** Runs `load` and says whose tokenizer it was where it fails. */
function open(folder: string, load: () => PreTrainedTokenizer): PreTrainedTokenizer {
  try {
    return load();
  } catch (cause) {
    throw unread(folder, cause);
  }
}

/** The library checks little: what it trips over is a part of the file that is missing or of another type. */
function unread(folder: string, cause: unknown): InvalidInputError {
  const found = cause instanceof TypeError ? "a part is missing or of another type" : (cause as Error).message;
  return new InvalidInputError(`Cannot read the tokenizer in ${folder}: ${found}`, { cause });
}

function encoderOf(tokenizer: PreTrainedTokenizer, json: JsonRecord, folder: string): Encoder {
  const limitEncoding = limitOf([json.normalizer, json.pre_tokenizer], folder);
  const limitDecoding = limitOf([json.decoder], folder);
  return {
    vocabulary: tokenizer.get_vocab(),
    decode: (ids) => {
      // The library refuses an empty list.
      if (ids.length === 0) return "";
      try {
        return limitDecoding(() =>
          tokenizer.decode([...ids], { skip_special_tokens: true, clean_up_tokenization_spaces: false }),
        );
      } catch (cause) {
        throw BloraError.isInstance(cause) ? cause : unread(folder, cause);
      }
    },
    encode(text) {
      try {
        return limitEncoding(() => tokenizer.encode(text, { add_special_tokens: false }));
      } catch (cause) {
        if (BloraError.isInstance(cause)) throw cause;
        if (!(cause instanceof RangeError)) throw unread(folder, cause);
        throw new InvalidInputError(`A text of ${text.length} characters is too long for the tokenizer in ${folder}`, {
          cause,
        });
      }
    },
  };
}

/** The library makes a list as long as the largest id. */
function requireIds({ model, added_tokens }: JsonRecord, path: string): void {
  const { vocab } = isJsonRecord(model) ? model : {};
  const added = recordsOf(added_tokens).map(({ content, id }) => [textOfJson(content), id] as const);
  for (const [token, id] of [...(isJsonRecord(vocab) ? Object.entries(vocab) : []), ...added]) {
    if (Number.isSafeInteger(id) && (id as number) >= 0 && (id as number) < LARGEST_VOCABULARY) continue;
    throw new InvalidInputError(
      `${path}: expected an id from 0 to ${LARGEST_VOCABULARY - 1} for ${JSON.stringify(token)}, found ${JSON.stringify(id)}`,
    );
  }
}

/** The library only warns of a pattern that is none, and then leaves the step out, or gives no tokens at all. */
function requirePatterns(json: JsonRecord, path: string): void {
  for (const place of ["normalizer", "pre_tokenizer", "decoder"]) {
    for (const { type, pattern } of stepsOf(json[place])) {
      if (type !== "Replace" && type !== "Split") continue;
      const { Regex, String: text } = isJsonRecord(pattern) ? pattern : {};
      if (typeof (Regex ?? text) === "string") continue;
      throw new InvalidInputError(
        `${path}: ${place}: ${type}: expected a pattern with a String or a Regex, found ${JSON.stringify(pattern) ?? "none"}`,
      );
    }
  }
}

/**
 * Encoder of the contents of any `tokenizer.json` and `tokenizer_config.json` that `@huggingface/transformers` reads:
 * byte-pair encoding, WordPiece and the rest.
 *
 * @param folder they come from, for errors
 */
export async function createLibraryEncoder(json: JsonRecord, config: JsonRecord, folder: string): Promise<Encoder> {
  // Imported here because it takes a fifth of a second and loads an inference runtime.
  const { PreTrainedTokenizer } = await import("@huggingface/transformers");
  const plain = withTypes(config);
  const load = (content: JsonRecord): Encoder =>
    encoderOf(
      open(
        folder,
        () => new PreTrainedTokenizer({ ...content, pre_tokenizer: sameSteps(content.pre_tokenizer) }, plain),
      ),
      content,
      folder,
    );
  const path = `${folder}/tokenizer.json`;
  requireIds(json, path);
  requirePatterns(json, path);
  const wordPiece = createWordPiece(json, path);
  if (wordPiece !== undefined) return { ...load(json), encode: wordPiece };
  const spaced = withPrefixSpace(json);
  if (spaced === undefined) return wholeEncoder(json, path, load);
  // Made when it is first asked for: few runs read words.
  let ofWords: Encoder | undefined;
  return {
    ...wholeEncoder(json, path, load),
    encodeWord: (word) => {
      ofWords ??= wholeEncoder(spaced, path, load);
      return ofWords.encode(word);
    },
  };
}

/** The library takes a token with its flags only where the object says what it is, which `special_tokens_map.json` never does. */
function withTypes(config: JsonRecord): JsonRecord {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => {
      const isToken = key.endsWith("_token") && isJsonRecord(value) && typeof value.content === "string";
      return [key, isToken ? { ...value, __type: "AddedToken" } : value];
    }),
  );
}

function wholeEncoder(json: JsonRecord, path: string, load: (content: JsonRecord) => Encoder): Encoder {
  const whole = load(json);
  const alone = readAddedTokens(json, path).filter(({ singleWord }) => singleWord);
  if (alone.length === 0) return whole;
  // The library finds such tokens inside words too, so the text is cut at them before it sees the rest.
  const contents = new Set(alone.map(({ content }) => content));
  const others = recordsOf(json.added_tokens).filter(({ content }) => !contents.has(content as string));
  const rest = load({ ...json, added_tokens: others });
  const split = createSplitter(alone);
  const encode = (text: string): number[] =>
    split(text).flatMap((section) => (typeof section === "number" ? [section] : rest.encode(section)));
  return { ...whole, encode };
}
