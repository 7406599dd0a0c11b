import { createByteTrie } from "./byte-trie.ts";
import type { Charsmap } from "./charsmap.ts";
import { bytesOfText, characterLength } from "./utf8.ts";

export interface SentencePieceNormalizerOptions {
  /** Undefined: characters stay as they are. */
  readonly charsmap: Charsmap | undefined;
  readonly addDummyPrefix: boolean;
  readonly removeExtraWhitespaces: boolean;
  /** Pieces that pass unchanged, whatever the map says of their characters. */
  readonly userDefined: readonly Uint8Array[];
}

const SPACE = 0x20;
/** UTF-8 of "▁" (U+2581), the visible space of SentencePiece. */
const WORD_START = Uint8Array.of(0xe2, 0x96, 0x81);

/** A byte buffer that grows: one character can become many. */
function createByteWriter(capacity: number) {
  let buffer = new Uint8Array(capacity);
  let length = 0;
  return {
    append(bytes: Uint8Array, start: number, end: number) {
      if (length + end - start > buffer.length) {
        const larger = new Uint8Array(2 * buffer.length + end - start);
        larger.set(buffer.subarray(0, length));
        buffer = larger;
      }
      for (let index = start; index < end; index++) buffer[length++] = bytes[index]!;
    },
    endsWith: (suffix: Uint8Array) =>
      length >= suffix.length && suffix.every((byte, index) => buffer[length - suffix.length + index] === byte),
    dropLast(count: number) {
      length -= count;
    },
    bytes: () => buffer.subarray(0, length),
  };
}

/**
 * Text to the UTF-8 that pieces are searched in, as SentencePiece's
 * `Normalizer::Normalize`: rules of the character map (longest match first),
 * runs of spaces reduced to one and none at either end, "▁" for each space and
 * before the first word.
 */
export function createSentencePieceNormalizer(options: SentencePieceNormalizerOptions): (text: string) => Uint8Array {
  const { charsmap, addDummyPrefix, removeExtraWhitespaces } = options;
  const userDefined = createByteTrie(options.userDefined.map((bytes) => ({ bytes, value: 0 })));

  const userDefinedLength = (text: Uint8Array, start: number): number => {
    let longest = 0;
    let node = 0;
    for (let index = start; index < text.length; index++) {
      node = userDefined.next(node, text[index]!);
      if (node < 0) break;
      if (userDefined.value(node) >= 0) longest = index + 1 - start;
    }
    return longest;
  };

  return (text) => {
    const input = bytesOfText(text);
    const output = createByteWriter(input.length + 16);
    // As if a space came before: leading spaces are extra.
    let afterSpace = removeExtraWhitespaces;
    let needsPrefix = addDummyPrefix;
    const appendPrefix = (): void => {
      if (needsPrefix) output.append(WORD_START, 0, WORD_START.length);
      needsPrefix = false;
    };

    const append = (bytes: Uint8Array, start: number, end: number): void => {
      let from = start;
      while (afterSpace && from < end && bytes[from] === SPACE) from++;
      if (from === end) return;
      appendPrefix();
      for (let index = from; index < end; index++) {
        if (bytes[index] === SPACE) output.append(WORD_START, 0, WORD_START.length);
        else output.append(bytes, index, index + 1);
      }
      afterSpace = removeExtraWhitespaces && bytes[end - 1] === SPACE;
    };

    if (!removeExtraWhitespaces && input.length > 0) appendPrefix();
    for (let position = 0; position < input.length; ) {
      const kept = userDefinedLength(input, position);
      const rule = kept > 0 ? undefined : charsmap?.longestMatch(input, position);
      const length = kept || (rule?.length ?? characterLength(input[position]!));
      if (rule === undefined) append(input, position, Math.min(position + length, input.length));
      else append(rule.replacement, 0, rule.replacement.length);
      position += length;
    }
    while (removeExtraWhitespaces && output.endsWith(WORD_START)) output.dropLast(WORD_START.length);
    return output.bytes();
  };
}
