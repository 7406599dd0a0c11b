import { InvalidInputError } from "@blora/spec";
import { asyncBufferFromFile, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import type { Table } from "./table.ts";

/**
 * Reads one parquet file as the Hub serves it. Class names that `datasets`
 * stored in the file are kept, so labels can be compared by name.
 *
 * @param labelColumns where to look for class names
 * @throws InvalidInputError naming a file that is not parquet or is cut short.
 */
export async function readParquet(file: string, labelColumns: readonly string[]): Promise<Table> {
  try {
    const buffer = await asyncBufferFromFile(file);
    const metadata = await parquetMetadataAsync(buffer);
    const records = await parquetReadObjects({ file: buffer, metadata, compressors });
    const columns = metadata.schema.slice(1).map(({ name }) => name);
    const labelNames = storedLabelNames(metadata, labelColumns);
    return {
      file,
      columns,
      rows: records.map((record, index) => ({ number: index + 1, cells: columns.map((column) => record[column]) })),
      ...(labelNames === undefined ? {} : { labelNames }),
      shortRows: 0,
    };
  } catch (cause) {
    throw new InvalidInputError(`${file}: expected a parquet file. ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}

/** `info.features.<label>.names` of the metadata that Hugging Face `datasets` writes. */
function storedLabelNames(metadata: FileMetaData, labelColumns: readonly string[]): readonly string[] | undefined {
  const text = metadata.key_value_metadata?.find(({ key }) => key === "huggingface")?.value;
  if (text === undefined) return undefined;
  const { info } = JSON.parse(text) as { info?: { features?: Record<string, { names?: unknown }> } };
  for (const column of labelColumns) {
    const names = info?.features?.[column]?.names;
    if (Array.isArray(names)) return names.map(String);
  }
  return undefined;
}
