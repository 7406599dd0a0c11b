import { isUtf8 } from "node:buffer";
import { BloraError, InvalidInputError, POINTER_BYTES, requireNoPointer } from "@blora/spec";
import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
  type SchemaElement,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { nameOfFile } from "./hub-reference.ts";
import { boundedCompressors, requireModest, requireModestPages, requireWholeDescription } from "./parquet-limits.ts";
import { requireDistinct, rowOrigin, type Table } from "./table.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * One parquet file with its top-level columns. Class names that `datasets`
 * stored in it are kept, so that labels can be compared by name.
 *
 * @throws InvalidInputError naming a file that is not parquet, is cut short, uses what the reader does not know, or unfolds to
 *   far more than it is
 */
export async function readParquet(file: string): Promise<Table> {
  let failed = false;
  const read = await asyncBufferFromFile(file).catch((cause) => refuse(file, "a parquet file", cause));
  requireNoPointer(new Uint8Array(await read.slice(0, Math.min(POINTER_BYTES, read.byteLength))), file);
  const buffer = heldBack(read, () => failed);
  const metadata = await requireWholeDescription(buffer)
    .then(() => parquetMetadataAsync(buffer))
    .catch((cause) => refuse(file, "a parquet file", cause));
  try {
    requireModest(metadata, file, buffer.byteLength);
    const bounded = () => boundedCompressors(compressors, file, buffer.byteLength);
    await requireModestPages(buffer, metadata, bounded(), file);
    const parsers = { stringFromBytes };
    const elements = parquetSchema(metadata).children.map(({ element }) => element);
    const columns = elements.map(({ name }) => name);
    requireDistinct(file, columns);
    const unpackers = bounded();
    const records: unknown[][][] = [];
    // One group after the other: the reader holds the description of all columns once for each column of each group.
    for (const group of metadata.row_groups) {
      const part = { ...metadata, num_rows: group.num_rows, row_groups: [group] };
      // Objects could not have a column called __proto__.
      const rows = await new Promise<unknown[][]>((onComplete, reject) => {
        const options = { file: buffer, metadata: part, compressors: unpackers, parsers, columns, onComplete };
        parquetRead(options).catch(reject);
      });
      records.push(rows);
    }
    const exact = elements.map(exactDecimal);
    return {
      file: nameOfFile(file),
      columns,
      rows: records.flat().map((record, index) => ({
        origin: rowOrigin(file, index + 1),
        cells: columns.map((_, at) => exact[at]!(record[at])),
      })),
      classNames: storedClassNames(metadata),
      shortRows: 0,
    };
  } catch (cause) {
    failed = true;
    if (BloraError.isInstance(cause)) throw cause;
    return refuse(file, "a parquet file that can be read; pyarrow writes one by pyarrow.parquet.write_table", cause);
  }
}

/**
 * The reader asks for columns before it has looked at what describes the later ones. Where that is damaged nobody waits
 * for the columns any more, and one that failed as well would end the process: their bytes never come.
 */
function heldBack(buffer: AsyncBuffer, isOver: () => boolean): AsyncBuffer {
  const read = async (start: number, end: number): Promise<ArrayBuffer> => {
    const bytes = await buffer.slice(start, end);
    return isOver() ? new Promise(() => {}) : bytes;
  };
  const slice = (start: number, end: number = buffer.byteLength): Promise<ArrayBuffer> => {
    if (start >= 0 && end >= start && Number.isSafeInteger(start) && Number.isSafeInteger(end)) return read(start, end);
    throw new Error(`It points to bytes ${start} to ${end}, which no file has.`);
  };
  return { byteLength: buffer.byteLength, slice };
}

/** The library checks little: in a file that is damaged it trips over what is not there. */
function refuse(file: string, expected: string, cause: unknown): never {
  if (cause instanceof TypeError || cause instanceof RangeError) {
    throw new InvalidInputError(`${file}: expected a parquet file. It is damaged, or cut short.`, { cause });
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  throw new InvalidInputError(`${file}: expected ${expected}. ${reason}`, { cause });
}

/** The reader multiplies by a power of ten that no float has: 3.3 would be 3.3000000000000003, which names another class. */
function exactDecimal({ converted_type, scale = 0 }: SchemaElement): (cell: unknown) => unknown {
  if (converted_type !== "DECIMAL") return (cell) => cell;
  return (cell) => (typeof cell === "number" ? Number(cell.toFixed(scale)) : cell);
}

/**
 * Bytes stay bytes where they are no UTF-8, such as pictures beside the texts: the reader's own puts U+FFFD, which would
 * change texts silently.
 */
function stringFromBytes(bytes: Uint8Array | undefined): string | Uint8Array | undefined {
  return bytes && (isUtf8(bytes) ? decoder.decode(bytes) : bytes);
}

/** `info.features.<column>.names` of the metadata that Hugging Face `datasets` writes, also of lists of classes. */
function storedClassNames(metadata: FileMetaData): ReadonlyMap<string, readonly string[]> {
  const text = metadata.key_value_metadata?.find(({ key }) => key === "huggingface")?.value ?? "{}";
  const { info } = JSON.parse(text) as { info?: { features?: Readonly<Record<string, unknown>> } };
  const features = Object.entries(info?.features ?? {});
  return new Map(
    features.flatMap(([column, feature]) => {
      const names = namesOf(feature);
      return names === undefined ? [] : [[column, names] as const];
    }),
  );
}

function namesOf(feature: unknown): readonly string[] | undefined {
  // A list is `{"feature": …, "_type": "List"}`, or `[…]` in older files.
  const { names, feature: items } = { ...((Array.isArray(feature) ? feature[0] : feature) as Feature | null) };
  if (Array.isArray(names)) return names.map(String);
  return items === undefined ? undefined : namesOf(items);
}

interface Feature {
  readonly names?: unknown;
  readonly feature?: unknown;
}
