import { fstatSync, read } from "node:fs";
import { promisify } from "node:util";
import { InvalidInputError } from "@blora/spec";
import { type Entry, fromRandomAccessReader, type Options, RandomAccessReader, type ZipFile } from "yauzl";

/** A file kept in a zip file as it is. */
export interface ZipEntry {
  /** Bytes from the start of the zip file to its own first. */
  readonly offset: number;
  /** Bytes */
  readonly length: number;
}

const MOST_ENTRIES = 1_000_000;
const STORED = 0;

/**
 * Where the files of a zip file lie in it. Names that lead out of it, encrypted and compressed files and files that
 * overlap are refused: PyTorch writes none.
 *
 * @param descriptor stays open
 * @throws InvalidInputError naming the file and what is wrong with it
 */
export async function readZipEntries(descriptor: number, path: string): Promise<ReadonlyMap<string, ZipEntry>> {
  try {
    const zip = await openZip(descriptor);
    if (zip.entryCount > MOST_ENTRIES) throw new Error(`expected at most ${MOST_ENTRIES} files in it`);
    const entries = await listEntries(zip);
    return new Map(
      await Promise.all(entries.map(async (entry) => [entry.fileName, await locate(zip, entry)] as const)),
    );
  } catch (cause) {
    throw new InvalidInputError(`${path}: expected a zip file of PyTorch. ${(cause as Error).message}`, { cause });
  }
}

const openZip = (descriptor: number): Promise<ZipFile> =>
  promisify<RandomAccessReader, number, Options, ZipFile>(fromRandomAccessReader)(
    new FileReader(descriptor),
    fstatSync(descriptor).size,
    { autoClose: false, lazyEntries: true },
  );

/** The library's own reader throws where a place is no number of bytes, in a callback, which ends the process. */
class FileReader extends RandomAccessReader {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    super();
    this.#descriptor = descriptor;
  }

  override read(
    target: Buffer,
    offset: number,
    length: number,
    position: number,
    done: (error: Error | null, bytes?: number) => void,
  ): void {
    if (Number.isSafeInteger(position) && position >= 0) read(this.#descriptor, target, offset, length, position, done);
    else setImmediate(() => done(new Error(`It points to byte ${position}, which no file has.`)));
  }

  override _readStreamForRange(): never {
    throw new Error("files of a zip file are read at their places");
  }
}

function listEntries(zip: ZipFile): Promise<Entry[]> {
  return new Promise((resolve, reject) => {
    const entries: Entry[] = [];
    zip.on("error", reject);
    zip.on("end", () => resolve(entries));
    zip.on("entry", (entry: Entry) => {
      entries.push(entry);
      zip.readEntry();
    });
    zip.readEntry();
  });
}

async function locate(zip: ZipFile, entry: Entry): Promise<ZipEntry> {
  const { fileName, compressionMethod, compressedSize, uncompressedSize } = entry;
  if (compressionMethod !== STORED || entry.isEncrypted() || compressedSize !== uncompressedSize) {
    throw new Error(`Expected files kept as they are, found ${fileName} compressed or encrypted.`);
  }
  const header = await promisify<Entry, { minimal: true }, { fileDataStart: number }>(
    zip.readLocalFileHeader.bind(zip),
  )(entry, { minimal: true });
  if (header.fileDataStart + uncompressedSize > zip.fileSize) throw new Error(`${fileName} does not fit in it.`);
  return { offset: header.fileDataStart, length: uncompressedSize };
}
