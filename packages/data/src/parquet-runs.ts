import type { ColumnMetaData, Compressors, SchemaTree } from "hyparquet";
import { readVarint } from "./parquet-thrift.ts";

/** A page as it lies in the file: the numbers of its header, and its bytes, packed. */
export interface PackedPage {
  readonly numbers: ReadonlyMap<string, number>;
  readonly bytes: Uint8Array;
}

/** How a column lies in its pages. */
export interface PackedColumn {
  unpack(bytes: Uint8Array, length: number): Uint8Array;
  readonly isBoolean: boolean;
  /** Bits of what says where lists begin, and of what says which values are there; 0 for what every value has. */
  readonly levelBits: readonly [repetition: number, definition: number];
}

/** Whole numbers of `bits` bits each, as runs of one number and stretches of single ones. */
interface Hybrid {
  readonly bytes: Uint8Array;
  readonly bits: number;
}

/** Fields of the headers of pages, the second kind's with a 2. */
const UNPACKED_BYTES = "2";
const [VALUES, ENCODING] = ["5.1", "5.2"];
const [VALUES_2, ENCODING_2, DEFINITION_BYTES_2, REPETITION_BYTES_2, IS_PACKED_2] = ["8.1", "8.4", "8.5", "8.6", "8.7"];
/** Encodings that have runs: of places in a dictionary, old and new, and of the numbers themselves. */
const [OLD_DICTIONARY, RUNS, DICTIONARY] = [2, 3, 8];
/** Bytes of the length in front of some runs. */
const LENGTH_BYTES = 4;

/** @returns undefined for a column that the reader cannot unpack */
export function packedColumn(
  schema: SchemaTree,
  { codec, type, path_in_schema: path }: ColumnMetaData,
  compressors: Compressors,
): PackedColumn | undefined {
  const unpack = codec === "UNCOMPRESSED" ? (bytes: Uint8Array) => bytes : compressors[codec];
  if (unpack === undefined) return undefined;
  const types: (string | undefined)[] = [];
  let tree: SchemaTree | undefined = schema;
  for (const name of path) {
    tree = tree?.children.find(({ element }) => element.name === name);
    types.push(tree?.element.repetition_type);
  }
  const levels = [types.filter((each) => each === "REPEATED"), types.filter((each) => each !== "REQUIRED")] as const;
  const [repetition, definition] = levels.map(({ length }) => 32 - Math.clz32(length)) as [number, number];
  return { unpack, isBoolean: type === "BOOLEAN", levelBits: [repetition, definition] };
}

/** How many values the longest run in a page stands for: a few bytes can stand for a billion, whatever the header says. */
export function longestRun({ numbers, bytes }: PackedPage, column: PackedColumn): number {
  const values = numbers.get(VALUES) ?? numbers.get(VALUES_2) ?? 0;
  if (values <= 0) return 0;
  const hybrids = numbers.has(VALUES) ? hybridsOf(numbers, bytes, column) : hybridsOf2(numbers, bytes, column);
  return Math.max(0, ...hybrids.map((hybrid) => longestIn(hybrid, values)));
}

/** Levels, then values, all packed together. */
function hybridsOf(numbers: PackedPage["numbers"], bytes: Uint8Array, column: PackedColumn): Hybrid[] {
  let rest = column.unpack(bytes, numbers.get(UNPACKED_BYTES) ?? 0);
  const levels = column.levelBits
    .filter((bits) => bits > 0)
    .map((bits): Hybrid => {
      const level = { bytes: rest.subarray(LENGTH_BYTES), bits };
      rest = level.bytes.subarray(viewOf(rest).getUint32(0, true));
      return level;
    });
  return [...levels, ...hybridsOfValues(numbers.get(ENCODING), rest, column.isBoolean)];
}

/** Levels as they are, then packed values. */
function hybridsOf2(numbers: PackedPage["numbers"], bytes: Uint8Array, column: PackedColumn): Hybrid[] {
  const repetitionBytes = numbers.get(REPETITION_BYTES_2) ?? 0;
  const levelBytes = repetitionBytes + (numbers.get(DEFINITION_BYTES_2) ?? 0);
  const [repetition, definition] = column.levelBits;
  const levels: Hybrid[] = [
    { bytes, bits: repetition },
    { bytes: bytes.subarray(repetitionBytes), bits: definition },
  ];
  const packed = bytes.subarray(levelBytes);
  const isPacked = (numbers.get(IS_PACKED_2) ?? 1) === 1;
  const values = isPacked ? column.unpack(packed, (numbers.get(UNPACKED_BYTES) ?? 0) - levelBytes) : packed;
  return [...levels.filter(({ bits }) => bits > 0), ...hybridsOfValues(numbers.get(ENCODING_2), values, true)];
}

function hybridsOfValues(encoding: number | undefined, bytes: Uint8Array, isBoolean: boolean): Hybrid[] {
  if (encoding === RUNS && isBoolean) return [{ bytes: bytes.subarray(LENGTH_BYTES), bits: 1 }];
  const hasRuns = encoding === OLD_DICTIONARY || encoding === DICTIONARY || encoding === RUNS;
  return hasRuns && bytes.length > 0 && bytes[0]! > 0 ? [{ bytes: bytes.subarray(1), bits: bytes[0]! }] : [];
}

function longestIn({ bytes, bits }: Hybrid, values: number): number {
  const view = viewOf(bytes);
  let [at, seen, longest] = [0, 0, 0];
  while (seen < values && at < bytes.length) {
    const { value: head, end } = readVarint(view, at);
    const half = Math.floor(head / 2);
    const isRun = head % 2 === 0;
    at = end + (isRun ? Math.ceil(bits / 8) : half * bits);
    seen += isRun ? half : 8 * half;
    if (isRun) longest = Math.max(longest, half);
  }
  return longest;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
