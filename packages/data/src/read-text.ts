import { constants, isUtf8 } from "node:buffer";
import { readFile, stat } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { BloraError, decodeText, InvalidInputError } from "@blora/spec";

/** The most bytes that surely fit in one string. */
const MAX_BYTES = constants.MAX_STRING_LENGTH;
/** Text seldom unzips to more times its bytes; what does may be made to fill memory. */
export const MAX_UNZIPPED: number = 200;
/** As much may come of any file: short rows that repeat do unzip to more. */
export const HARMLESS_BYTES: number = 2 ** 24;

/**
 * The text of a UTF-8 file without its byte order mark; unzipped where its name ends in `.gz`.
 *
 * @throws InvalidInputError naming a file that cannot be read, is too long or unzips to far more than text does, or the
 *   line in another encoding
 */
export async function readText(file: string): Promise<string> {
  const bytes = await readBytes(file);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    throw new InvalidInputError(
      `${file}: expected text, found gzipped bytes. Let the file's name end in .gz, once for each time.`,
    );
  }
  if (!isUtf8(bytes)) requireUtf8Lines(bytes, file);
  return decodeText(bytes, file);
}

const isZipped = (file: string): boolean => /\.gz$/i.test(file);

async function readBytes(file: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(file);
    if (size > MAX_BYTES) throw new Error(`${size} bytes; cut it into shards`);
    const bytes = await readFile(file);
    return isZipped(file) ? unzip(bytes, file) : bytes;
  } catch (cause) {
    if (BloraError.isInstance(cause)) throw cause;
    const expected = isZipped(file) ? "gzipped text" : "text";
    throw new InvalidInputError(
      `${file}: expected a file of ${expected}, at most ${MAX_BYTES} bytes, found ${(cause as Error).message}.`,
      { cause },
    );
  }
}

function unzip(bytes: Uint8Array, file: string): Uint8Array {
  const most = Math.min(MAX_BYTES, Math.max(HARMLESS_BYTES, MAX_UNZIPPED * bytes.length));
  try {
    return gunzipSync(bytes, { maxOutputLength: most });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_BUFFER_TOO_LARGE") throw cause;
    throw new InvalidInputError(
      `${file}: expected gzipped text of at most ${most} bytes, found more in a file of ${bytes.length}. Unzip it, or cut it into shards.`,
      { cause },
    );
  }
}

/** Decodes line by line, so that the error names the first that is not UTF-8. */
function requireUtf8Lines(bytes: Uint8Array, file: string): void {
  for (let line = 1, start = 0; start < bytes.length; line++) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline;
    decodeText(bytes.subarray(start, end), `${file}, line ${line}`);
    start = end + 1;
  }
}
