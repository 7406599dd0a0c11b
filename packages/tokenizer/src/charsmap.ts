import { InvalidInputError } from "@blora/spec";

/** A rule that applies at some place of a text. */
export interface CharsmapMatch {
  /** Bytes of the text that are replaced. */
  readonly length: number;
  /** UTF-8 of what replaces them. */
  readonly replacement: Uint8Array;
}

/** The character rules of a SentencePiece normalizer: UTF-8 sequence to UTF-8 replacement. */
export interface Charsmap {
  /** The longest rule that matches `text` at `start`. */
  longestMatch(text: Uint8Array, start: number): CharsmapMatch | undefined;
}

// One unit of a Darts-clone double array (https://github.com/s-yata/darts-clone).
const hasLeaf = (unit: number): boolean => (unit & 0x100) !== 0;
const label = (unit: number): number => (unit & 0x800000ff) >>> 0;
const offset = (unit: number): number => (unit >>> 10) << ((unit & 0x200) >>> 6);
const leafValue = (unit: number): number => unit & 0x7fffffff;

/**
 * Reads a `precompiled_charsmap`: the byte length of a double-array trie, the
 * trie, and the NUL-terminated replacements its values point into.
 *
 * Throws `InvalidInputError` naming `origin` where the lengths do not fit.
 */
export function parseCharsmap(bytes: Uint8Array, origin: string): Charsmap {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const trieBytes = bytes.length >= 4 ? view.getUint32(0, true) : 0;
  if (trieBytes < 4 || trieBytes % 4 !== 0 || trieBytes > bytes.length - 4) {
    throw new InvalidInputError(
      `${origin}: expected a character map whose trie fits in ${bytes.length} bytes, found a trie of ${trieBytes} bytes`,
    );
  }
  const units = Uint32Array.from({ length: trieBytes / 4 }, (_, index) => view.getUint32(4 + 4 * index, true));
  const replacements = bytes.subarray(4 + trieBytes);

  const replacementAt = (start: number): Uint8Array => {
    const end = replacements.indexOf(0, start);
    return replacements.subarray(start, end < 0 ? replacements.length : end);
  };

  return {
    longestMatch(text, start) {
      let longest = 0;
      let value = 0;
      let node = offset(units[0]!);
      for (let index = start; index < text.length; index++) {
        const byte = text[index]!;
        node ^= byte;
        const unit = units[node];
        if (unit === undefined || label(unit) !== byte) break;
        node ^= offset(unit);
        if (hasLeaf(unit)) {
          longest = index + 1 - start;
          value = leafValue(units[node] ?? 0);
        }
      }
      return longest === 0 ? undefined : { length: longest, replacement: replacementAt(value) };
    },
  };
}
