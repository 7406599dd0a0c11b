import { InvalidInputError, NotFoundError } from "@blora/spec";

/** Bytes of one read, where a file is read as a whole. */
const CHUNK_BYTES = 16 * 2 ** 20;

/** A file that is read by ranges, such as one dropped on a page. */
export interface RangedFile {
  /** What to call it, in errors. */
  readonly path: string;
  /** Bytes */
  readonly size: number;
  read(offset: number, length: number): Promise<Uint8Array>;
  /** The same at once; absent where only waiting gives bytes. */
  readonly readNow?: ((offset: number, length: number) => Uint8Array) | undefined;
}

/** What a worker of a page has besides, to read files at once. */
interface WorkerFacts {
  readonly FileReaderSync?: new () => { readAsArrayBuffer(blob: Blob): ArrayBuffer };
}

/**
 * A `Blob`, or a `File` that was dropped on a page or lies in its storage. In a worker of a page it is also read at once.
 *
 * @param path what to call it, in errors; reading throws InvalidInputError where its bytes are no longer to be had
 */
export function fileOfBlob(path: string, blob: Blob): RangedFile {
  const { FileReaderSync } = globalThis as WorkerFacts;
  const part = (offset: number, length: number): Blob => blob.slice(offset, offset + length);
  return {
    path,
    size: blob.size,
    async read(offset, length) {
      const buffer = await part(offset, length)
        .arrayBuffer()
        .catch((cause: unknown) => gone(path, cause));
      return whole(path, offset, length, buffer);
    },
    readNow:
      FileReaderSync &&
      ((offset, length) => {
        const read = (): ArrayBuffer => new FileReaderSync().readAsArrayBuffer(part(offset, length));
        return whole(path, offset, length, attempt(path, read));
      }),
  };
}

/**
 * A file at an address, of which a server sends the ranges that are asked for. One that knows of no ranges has sent it
 * whole by then, and that is read.
 *
 * @throws NotFoundError where there is no such file, InvalidInputError where no range of it comes
 */
export async function fileAtUrl(url: string): Promise<RangedFile> {
  const first = await ask(url, 0, 1);
  if (first.status === 200) return fileOfBlob(url, await first.blob());
  const size = Number(/\/(\d+)$/.exec(first.headers.get("content-range") ?? "")?.[1] ?? Number.NaN);
  if (Number.isNaN(size)) {
    throw new InvalidInputError(`${url}: expected the size of the file beside its first byte, found none.`);
  }
  const version = first.headers.get("etag");
  return {
    path: url,
    size,
    async read(offset, length) {
      if (length === 0) return new Uint8Array();
      const answer = await ask(url, offset, length);
      if (answer.status !== 206 || answer.headers.get("etag") !== version) {
        throw new InvalidInputError(
          `${url}: expected the file of before, found another. It was changed while it was read.`,
        );
      }
      return whole(url, offset, length, await answer.arrayBuffer());
    },
  };
}

/** The bytes of a file from its start to its end, a part at a time. */
export async function* chunksOf({ size, read }: RangedFile): AsyncGenerator<Uint8Array, void> {
  for (let offset = 0; offset < size; offset += CHUNK_BYTES)
    yield await read(offset, Math.min(CHUNK_BYTES, size - offset));
}

async function ask(url: string, offset: number, length: number): Promise<Response> {
  const range = `bytes=${offset}-${offset + length - 1}`;
  const answer = await fetch(url, { headers: { Range: range } }).catch((cause: Error) => {
    throw new InvalidInputError(`${url}: expected ${range}, found no answer (${cause.message}).`, { cause });
  });
  if (answer.ok) return answer;
  await answer.body?.cancel();
  if (answer.status === 404) throw new NotFoundError(`${url}: expected a file, found none.`);
  throw new InvalidInputError(`${url}: expected ${range}, found status ${answer.status}.`);
}

function whole(path: string, offset: number, length: number, buffer: ArrayBuffer): Uint8Array {
  if (buffer.byteLength === length) return new Uint8Array(buffer);
  throw new InvalidInputError(
    `${path}: expected ${length} bytes from byte ${offset} on, found ${buffer.byteLength}. It became shorter while it was read.`,
  );
}

function attempt<Result>(path: string, read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    return gone(path, cause);
  }
}

function gone(path: string, cause: unknown): never {
  const message = cause instanceof Error ? cause.message : String(cause);
  throw new InvalidInputError(
    `${path}: expected to read it, found that it cannot be (${message}). A file that was changed or moved since it was chosen must be chosen again.`,
    { cause },
  );
}
