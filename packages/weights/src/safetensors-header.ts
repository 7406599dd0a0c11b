import { InvalidInputError, isJsonRecord, POINTER_BYTES, parseStrictJson, requireNoPointer } from "@blora/spec";
import { bytesPerValue, DATA_TYPES, type DataType, isDataType } from "./data-types.ts";

/** Where one tensor lies in a safetensors file. */
export interface TensorEntry {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly number[];
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Bytes */
  readonly length: number;
}

export interface SafetensorsHeader {
  readonly path: string;
  /** In the order of their data. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** Bytes of a file that can be read by their place, on disk or in memory. */
export interface StoredFile {
  /** For errors. */
  readonly path: string;
  /** Bytes */
  readonly size: number;
  read(offset: number, length: number): Uint8Array;
}

/** A file that is in memory as a whole: what is read is a view of it. */
export function fileInMemory(path: string, bytes: Uint8Array): StoredFile {
  return { path, size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}

const LENGTH_BYTES = 8;
const LARGEST_HEADER = 100_000_000;
// A header is an object of tensors, each an object with two arrays.
const HEADER_DEPTH = 3;
/** Name in a header that is no tensor. */
export const METADATA = "__metadata__";

/** Bytes of a file up to its first tensor. Reads the first few. */
export function endOfHeader({ path, size: fileBytes, read }: StoredFile): number {
  const start = read(0, Math.min(POINTER_BYTES, fileBytes));
  requireNoPointer(start, path);
  if (fileBytes < LENGTH_BYTES) {
    throw new InvalidInputError(
      `${path}: expected a safetensors file of at least ${LENGTH_BYTES} bytes, found ${fileBytes}`,
    );
  }
  const length = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  if (length > LARGEST_HEADER) {
    throw new InvalidInputError(
      `${path}: expected a header of at most ${LARGEST_HEADER} bytes, found a length of ${length}`,
    );
  }
  if (Number(length) > fileBytes - LENGTH_BYTES) {
    throw new InvalidInputError(
      `${path}: expected a header that fits in the file's ${fileBytes} bytes, found a header length of ${length}`,
    );
  }
  return LENGTH_BYTES + Number(length);
}

function readMetadata(value: unknown, path: string): ReadonlyMap<string, string> {
  if (value === undefined || value === null) return new Map();
  if (!isJsonRecord(value)) throw new InvalidInputError(`${path}: expected __metadata__ to be an object`);
  return new Map(
    Object.entries(value).map(([key, text]): [string, string] => {
      if (typeof text === "string") return [key, text];
      throw new InvalidInputError(
        `${path}: expected strings in __metadata__, found ${JSON.stringify(text)} at ${JSON.stringify(key)}`,
      );
    }),
  );
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** One tensor of the header, with offsets still relative to the data. */
function readEntry(name: string, value: unknown, path: string): TensorEntry {
  const tensor = `${path}: tensor ${JSON.stringify(name)}`;
  const { dtype: type, shape, data_offsets: offsets } = isJsonRecord(value) ? value : {};
  if (!isDataType(type)) {
    throw new InvalidInputError(
      `${tensor}: expected one of the types ${DATA_TYPES.join(", ")}, found ${JSON.stringify(type)}`,
    );
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) {
    throw new InvalidInputError(`${tensor}: expected a shape of whole numbers, found ${JSON.stringify(shape)}`);
  }
  const [begin, end]: readonly unknown[] = Array.isArray(offsets) && offsets.length === 2 ? offsets : [];
  if (!isCount(begin) || !isCount(end) || begin > end) {
    throw new InvalidInputError(`${tensor}: expected data_offsets [begin, end], found ${JSON.stringify(offsets)}`);
  }
  // Exact, where a product of numbers would round beyond 2^53.
  const expected = shape.reduce((product, dimension) => product * BigInt(dimension), BigInt(bytesPerValue(type)));
  if (expected !== BigInt(end - begin)) {
    throw new InvalidInputError(
      `${tensor}: shape [${shape.join(", ")}] of ${type} takes ${expected} bytes, but its offsets span ${end - begin}`,
    );
  }
  return { name, type, shape, offset: begin, length: end - begin };
}

/** Orders entries by their data, which must cover the file from `dataStart` to its end without gap or overlap. */
function placeEntries(
  entries: readonly TensorEntry[],
  dataStart: number,
  fileBytes: number,
  path: string,
): TensorEntry[] {
  const ordered = [...entries].sort((a, b) => a.offset - b.offset || a.length - b.length);
  let end = 0;
  for (const { name, offset, length } of ordered) {
    if (offset !== end) {
      throw new InvalidInputError(
        `${path}: invalid offset of tensor ${JSON.stringify(name)}: expected its data at ${end}, found ${offset} ` +
          `(${offset < end ? "it overlaps the tensor before" : "nothing covers the bytes between"})`,
      );
    }
    end = offset + length;
  }
  if (dataStart + end > fileBytes) {
    throw new InvalidInputError(`${path} is cut short: expected ${dataStart + end} bytes, found ${fileBytes}`);
  }
  if (dataStart + end < fileBytes) {
    throw new InvalidInputError(
      `${path}: expected the file to end with its last tensor at ${dataStart + end} bytes, found ${fileBytes}`,
    );
  }
  return ordered.map((entry) => ({ ...entry, offset: dataStart + entry.offset }));
}

/**
 * Reads and checks the header of a safetensors file; of the rest only the size.
 *
 * Stricter than the format's other readers where they differ: duplicate names
 * and names of prototype members are errors too. Throws `InvalidInputError`
 * naming the file and the tensor.
 *
 * @see https://github.com/huggingface/safetensors#format
 */
export function headerOf(file: StoredFile): SafetensorsHeader {
  const { path, size } = file;
  const dataStart = endOfHeader(file);
  const bytes = file.read(LENGTH_BYTES, dataStart - LENGTH_BYTES);
  const json = parseStrictJson(bytes, { origin: `Header of ${path}`, maxDepth: HEADER_DEPTH });
  if (!isJsonRecord(json) || bytes[0] !== 0x7b)
    throw new InvalidInputError(`Header of ${path}: expected a JSON object`);
  const entries = Object.entries(json).flatMap(([name, value]) =>
    name === METADATA ? [] : [readEntry(name, value, path)],
  );
  const placed = placeEntries(entries, dataStart, size, path);
  return {
    path,
    metadata: readMetadata(json[METADATA], path),
    tensors: new Map(placed.map((entry) => [entry.name, entry])),
  };
}
