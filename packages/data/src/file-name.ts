/** Ends of the names of data files, in any case; `.ndjson` and `.jsonlines` are `.jsonl`. All but parquet may be followed by `.gz`. */
export type DataFormat = ".csv" | ".tsv" | ".jsonl" | ".json" | ".parquet" | ColumnFormat;

/** Ends of the names of files with a word on each line. */
export type ColumnFormat = ".conll" | ".iob" | ".iob2" | ".bio" | ".txt";

/** What the name of a data file says. */
export interface DataFileName {
  readonly name: string;
  /** Without shard, format and `.gz`. */
  readonly stem: string;
  readonly format: DataFormat;
  /** Of `<stem>-00000-of-00002<format>`, which older versions of `datasets` give a hash at the end: counted from 0, and how many there are. */
  readonly shard?: { readonly index: number; readonly count: number };
}

const PATTERN =
  /^(.+?)(?:-(\d+)-of-(\d+)(?:-[0-9a-f]{16})?)?(?:(\.parquet)|(\.csv|\.tsv|\.jsonl|\.jsonlines|\.ndjson|\.json|\.conll|\.iob2?|\.bio|\.txt)(?:\.gz)?)$/i;

/** What programs call the same format. */
const SAME: Readonly<Record<string, DataFormat>> = { ".ndjson": ".jsonl", ".jsonlines": ".jsonl" };

/** Undefined where a name is not that of a data file. */
export function parseFileName(name: string): DataFileName | undefined {
  const match = PATTERN.exec(name);
  if (match === null) return undefined;
  const [, stem, index, count, parquet, text] = match;
  const ending = (parquet ?? text)!.toLowerCase();
  return {
    name,
    stem: stem!,
    format: SAME[ending] ?? (ending as DataFormat),
    ...(index === undefined ? {} : { shard: { index: Number(index), count: Number(count) } }),
  };
}

const PACKED = /\.(?:zst|bz2|xz|lz4|zip|7z|tar|tgz)$/i;
const OTHERS = /\.(?:arrow|feather|orc|avro|xlsx?|ods|pkl|pickle|npy|h5|sqlite|db)$/i;

/** The end of a name that is of no format that is read, as it is written; undefined where nothing is known of it. */
export function foreignEnding(name: string): string | undefined {
  return (PACKED.exec(name) ?? OTHERS.exec(name))?.[0];
}

/** What to do about a name that is of no format that is read; begins with a blank, and is empty where nothing is known. */
export function adviceOnName(name: string): string {
  if (PACKED.test(name)) return " Unpack it first: gzip alone is read as it is.";
  if (OTHERS.test(name)) return " Convert it, such as with pandas to parquet or csv.";
  return "";
}
