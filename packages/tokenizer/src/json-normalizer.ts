import { createTimeLimit } from "@blora/files";
import { InvalidInputError, isJsonRecord } from "@blora/spec";
import { lowerCase } from "./bert-normalizer.ts";
import { parseCharsmap } from "./charsmap.ts";
import { recordsOf } from "./json-file.ts";
import { bytesOfText, characterLength, joinBytes, textOfBytes } from "./utf8.ts";

/** A text of a megabyte takes milliseconds. */
const PATTERN_MILLISECONDS = 2000;

/** Control characters that `Nmt` takes out, and those it makes a space, as the Rust library lists them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters it is about
const NMT_REMOVED = /[\u0001-\u0008\u000b\u000e-\u001f\u007f\u008f\u009f]/g;
const NMT_SPACES = /[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/g;

type TextMap = (text: string) => string;

/** Replaces every match of a regular expression of `tokenizer.json`, or undefined where JavaScript cannot read it. */
function replacer(pattern: unknown, content: unknown): TextMap | undefined {
  if (!isJsonRecord(pattern) || typeof content !== "string") return undefined;
  const { String: literal, Regex: source } = pattern;
  if (typeof literal === "string") return (text) => text.replaceAll(literal, () => content);
  if (typeof source !== "string") return undefined;
  try {
    const expression = new RegExp(source, "gu");
    const limit = createTimeLimit(PATTERN_MILLISECONDS, `The regular expression ${source} of a tokenizer.json`);
    return (text) => limit(() => text.replace(expression, () => content));
  } catch {
    return undefined;
  }
}

function bytesOfBase64(base64: string): Uint8Array {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw new InvalidInputError("tokenizer.json: expected base64 at precompiled_charsmap, found other text.", {
      cause,
    });
  }
}

function charsmapNormalizer(base64: unknown): TextMap | undefined {
  if (typeof base64 !== "string") return undefined;
  const charsmap = parseCharsmap(bytesOfBase64(base64), "tokenizer.json");
  return (text) => {
    const input = bytesOfText(text);
    const parts: Uint8Array[] = [];
    for (let position = 0; position < input.length; ) {
      const rule = charsmap.longestMatch(input, position);
      const length = rule?.length ?? characterLength(input[position]!);
      parts.push(rule?.replacement ?? input.subarray(position, position + length));
      position += length;
    }
    return textOfBytes(joinBytes(parts));
  };
}

/**
 * The `normalizer` of a `tokenizer.json` as a function, or undefined where it
 * has a part this package does not know. `Precompiled` applies the character
 * map as SentencePiece does.
 */
export function createJsonNormalizer(normalizer: unknown): TextMap | undefined {
  if (normalizer === null || normalizer === undefined) return (text) => text;
  if (!isJsonRecord(normalizer)) return undefined;
  switch (normalizer.type) {
    case "Sequence": {
      const parts = recordsOf(normalizer.normalizers).map(createJsonNormalizer);
      if (!parts.every((part) => part !== undefined)) return undefined;
      return (text) => parts.reduce((current, part) => part(current), text);
    }
    case "Precompiled":
      return charsmapNormalizer(normalizer.precompiled_charsmap);
    case "Replace":
      return replacer(normalizer.pattern, normalizer.content);
    case "Strip": {
      const { strip_left: left, strip_right: right } = normalizer;
      return (text) => {
        const leftStripped = left ? text.replace(/^\p{White_Space}+/u, "") : text;
        return right ? leftStripped.replace(/(?<!\p{White_Space})\p{White_Space}+$/u, "") : leftStripped;
      };
    }
    case "Lowercase":
      return lowerCase;
    case "StripAccents":
      return (text) => text.replace(/\p{M}/gu, "");
    case "Nmt":
      return (text) => text.replace(NMT_REMOVED, "").replace(NMT_SPACES, " ");
    case "NFC":
    case "NFD":
    case "NFKC":
    case "NFKD": {
      const form = normalizer.type;
      return (text) => text.normalize(form);
    }
    default:
      return undefined;
  }
}
