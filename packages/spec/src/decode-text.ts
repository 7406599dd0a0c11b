import { InvalidInputError } from "./errors.ts";
import { requireNoPointer } from "./git-lfs.ts";

/**
 * The text of a UTF-8 file, without its byte order mark.
 *
 * @param file path, for the message
 * @throws InvalidInputError for other encodings, where replacement characters would change texts silently, and for a
 *   git-lfs pointer
 */
export function decodeText(bytes: Uint8Array, file: string): string {
  requireNoPointer(bytes, file);
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    throw new InvalidInputError(
      `${file}: expected UTF-8 text, found UTF-16. Convert it with iconv -f utf-16 -t utf-8.`,
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new InvalidInputError(`${file}: expected UTF-8 text, found bytes that are not UTF-8.`, { cause });
  }
}
