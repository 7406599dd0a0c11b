import { InvalidInputError } from "@blora/spec";
import { type AsyncBuffer, type Compressors, type FileMetaData, parquetSchema } from "hyparquet";
import { longestRun, packedColumn } from "./parquet-runs.ts";
import { walkThrift } from "./parquet-thrift.ts";
import { HARMLESS_BYTES, MAX_UNZIPPED } from "./read-text.ts";

/** Rows and values of which a file of any size may have so many. */
const HARMLESS_ROWS = 2 ** 20;
/** Rows that a byte may stand for: of one word again and again a few are in each. */
const ROWS_OF_BYTE = 64;

/** Bytes behind the description of a file: its length, and `PAR1`. */
const TAIL_BYTES = 8;
/** Fields of a page's header. */
const COMPRESSED_BYTES = "3";
/** The numbers of values in pages of data, of a dictionary, and of data in version 2. */
const VALUES = ["5.1", "7.1", "8.1"];

/**
 * Looks through the description of a file before it is believed.
 *
 * @throws RangeError for one whose lists are longer than it is
 */
export async function requireWholeDescription(buffer: AsyncBuffer): Promise<void> {
  const end = buffer.byteLength - TAIL_BYTES;
  if (end < 0) return;
  const length = new DataView(await buffer.slice(end)).getUint32(0, true);
  // Longer ones are refused where they are read.
  if (length <= end) walkThrift(new DataView(await buffer.slice(end - length, end)), 0);
}

/**
 * Looks through all pages before they are believed: through their headers, and through what runs in them stand for.
 *
 * @throws RangeError for pages that are none
 */
export async function requireModestPages(
  buffer: AsyncBuffer,
  metadata: FileMetaData,
  compressors: Compressors,
  file: string,
): Promise<void> {
  const most = mostRows(buffer.byteLength);
  const requireFew = (values: number, where: string): void => {
    if (values > most) throw tooMuch(file, buffer.byteLength, `${most} rows`, `${values} in ${where}`);
  };
  const schema = parquetSchema(metadata);
  for (const { meta_data: column } of metadata.row_groups.flatMap((group) => group.columns)) {
    if (column === undefined) continue;
    const packed = packedColumn(schema, column, compressors);
    const start = Number(column.dictionary_page_offset || column.data_page_offset);
    const bytes = new Uint8Array(await buffer.slice(start, start + Number(column.total_compressed_size)));
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < view.byteLength - 1; ) {
      const { numbers, end } = walkThrift(view, at);
      requireFew(Math.max(...VALUES.map((field) => numbers.get(field) ?? 0)), "a page");
      at = end + Math.max(0, numbers.get(COMPRESSED_BYTES) ?? 0);
      if (packed !== undefined) requireFew(longestRun({ numbers, bytes: bytes.subarray(end, at) }, packed), "a run");
    }
  }
}

/**
 * Refuses a file that says of itself that it unfolds to far more than it is: a run of one value over a billion rows, or
 * pages that are packed by the thousand.
 *
 * @param bytes size of the file
 */
export function requireModest(metadata: FileMetaData, file: string, bytes: number): void {
  const most = mostRows(bytes);
  const groups = metadata.row_groups;
  const columns = groups.flatMap((group) => group.columns.flatMap(({ meta_data: column }) => column ?? []));
  const rows = Math.max(Number(metadata.num_rows), total(groups.map((group) => group.num_rows)));
  // Groups times columns may be more than a function takes arguments.
  const values = columns.reduce((most, column) => Math.max(most, Number(column.num_values)), 0);
  const found = Math.max(rows, values);
  if (found > most) throw tooMuch(file, bytes, `${most} rows`, `${found}`);
  requireSize(total(columns.map((column) => column.total_uncompressed_size)), file, bytes);
}

/** Unpacks no more of one file than it may unfold to, whatever the headers of its pages say. */
export function boundedCompressors(compressors: Compressors, file: string, bytes: number): Compressors {
  let unpacked = 0;
  const bounded = Object.entries(compressors).map(([codec, unpack]) => [
    codec,
    (input: Uint8Array, length: number): Uint8Array => {
      unpacked += length;
      requireSize(unpacked, file, bytes);
      // The reader's own takes the single byte that LZ4 makes of nothing, such as the dictionary of a column of nulls, for damage.
      if (length === 0) return new Uint8Array();
      return unpack(input, length);
    },
  ]);
  return Object.fromEntries(bounded) as Compressors;
}

function mostRows(bytes: number): number {
  return Math.max(HARMLESS_ROWS, ROWS_OF_BYTE * bytes);
}

function requireSize(unfolded: number, file: string, bytes: number): void {
  const most = Math.max(HARMLESS_BYTES, MAX_UNZIPPED * bytes);
  if (unfolded > most) throw tooMuch(file, bytes, `${most} bytes of values`, `${unfolded}`);
}

function tooMuch(file: string, bytes: number, most: string, found: string): InvalidInputError {
  return new InvalidInputError(
    `${file}: expected parquet of at most ${most}, found ${found} in a file of ${bytes} bytes. Write it with less compression, or cut it into shards.`,
  );
}

function total(counts: readonly (bigint | number)[]): number {
  return counts.reduce<number>((sum, count) => sum + Number(count), 0);
}
