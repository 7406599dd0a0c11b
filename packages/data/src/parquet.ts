import { InvalidInputError } from "@blora/spec";
import {
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { nameOfFile } from "./hub-reference.ts";
import { rowOrigin, type Table } from "./table.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * One parquet file with its top-level columns. Class names that `datasets`
 * stored in it are kept, so that labels can be compared by name.
 *
 * @throws InvalidInputError naming a file that is not parquet or is cut short
 */
export async function readParquet(file: string): Promise<Table> {
  try {
    const buffer = await asyncBufferFromFile(file);
    const metadata = await parquetMetadataAsync(buffer);
    const records = await parquetReadObjects({ file: buffer, metadata, compressors, parsers: { stringFromBytes } });
    const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
    return {
      file: nameOfFile(file),
      columns,
      rows: records.map((record, index) => ({
        origin: rowOrigin(file, index + 1),
        cells: columns.map((column) => record[column]),
      })),
      classNames: storedClassNames(metadata),
      shortRows: 0,
    };
  } catch (cause) {
    throw new InvalidInputError(`${file}: expected a parquet file. ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}

/** The reader's own puts U+FFFD where bytes are no UTF-8, which would change texts silently. */
function stringFromBytes(bytes: Uint8Array | undefined): string | undefined {
  return bytes && utf8.decode(bytes);
}

/** `info.features.<column>.names` of the metadata that Hugging Face `datasets` writes. */
function storedClassNames(metadata: FileMetaData): ReadonlyMap<string, readonly string[]> {
  const text = metadata.key_value_metadata?.find(({ key }) => key === "huggingface")?.value ?? "{}";
  const { info } = JSON.parse(text) as { info?: { features?: Readonly<Record<string, { names?: unknown } | null>> } };
  const features = Object.entries(info?.features ?? {});
  return new Map(
    features.flatMap(([column, feature]) =>
      Array.isArray(feature?.names) ? [[column, feature.names.map(String)] as const] : [],
    ),
  );
}
