import { mutateJson } from "./mutate-json.ts";
import { oneOf, type Random } from "./random.ts";

/** No input grows beyond so many bytes, or beyond the longest it was made from. */
const LARGEST_INPUT = 1 << 12;
/** Lengths, counts and signs that parsers stumble over. */
const NUMBERS = [
  0,
  1,
  -1,
  2,
  7,
  8,
  15,
  16,
  127,
  128,
  255,
  256,
  32767,
  65535,
  65536,
  2 ** 31 - 1,
  -(2 ** 31),
  2 ** 32 - 1,
];

/** What a damaged input is made from. */
export interface Material {
  readonly corpus: readonly Uint8Array[];
  /** Words of the format. */
  readonly words: readonly string[];
  /** Most inputs stay JSON, with other values. */
  readonly json: boolean;
}

/** One input of the corpus, damaged in one way or several. */
export function mutate({ corpus, words, json }: Material, random: Random): Uint8Array {
  const base = oneOf(random, corpus);
  const most = Math.max(LARGEST_INPUT, base.length);
  if (json && random(4) > 0) {
    const changed = mutateJson(base, words, random);
    if (changed !== undefined && changed.length <= most) return changed;
  }
  let damaged: Buffer = Buffer.from(base);
  for (let edits = 1 + random(4); edits > 0; edits--) damaged = edit(damaged, corpus, words, random);
  return damaged.subarray(0, most);
}

function edit(bytes: Buffer, corpus: readonly Uint8Array[], words: readonly string[], random: Random): Buffer {
  const place = random(Math.max(1, bytes.length));
  const span = random(16);
  const insert = (middle: Uint8Array, skipped: number): Buffer =>
    Buffer.concat([bytes.subarray(0, place), middle, bytes.subarray(place + skipped)]);
  switch (random(9)) {
    case 0:
      return insert(Buffer.from([random(256)]), 1);
    case 1:
      return bytes.subarray(0, place);
    case 2:
      return insert(Buffer.alloc(0), span);
    case 3:
      return insert(bytes.subarray(place, place + span), 0);
    case 4:
      return insert(Buffer.alloc(span, random(2) === 0 ? 0 : 255), span);
    case 5:
      return insert(Buffer.from([(bytes[place] ?? 0) ^ (1 << random(8))]), 1);
    case 6: {
      const number = numberBytes(random);
      return insert(number, number.length);
    }
    case 7: {
      if (words.length === 0) return bytes;
      const word = Buffer.from(oneOf(random, words));
      return insert(word, random(2) === 0 ? 0 : word.length);
    }
    default: {
      const other = oneOf(random, corpus);
      const from = random(Math.max(1, other.length));
      return insert(other.subarray(from, from + random(64)), span);
    }
  }
}

function numberBytes(random: Random): Buffer {
  const value = oneOf(random, NUMBERS);
  if (random(4) === 0) return variableLength(value >>> 0);
  const size = oneOf(random, [1, 2, 4, 8]);
  const bytes = Buffer.alloc(size);
  if (size === 8) bytes.writeBigInt64LE(BigInt(value));
  else bytes.writeUIntLE((value >>> 0) % 2 ** (8 * size), 0, size);
  return random(4) === 0 ? bytes.reverse() : bytes;
}

/** Seven bits a byte, as Thrift and protocol buffers have numbers. */
function variableLength(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}
