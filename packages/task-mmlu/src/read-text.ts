import { readFile } from "node:fs/promises";
import { InvalidInputError } from "@blora/spec";

/**
 * The text of a UTF-8 file without its byte order mark.
 *
 * @throws InvalidInputError for bytes that are not UTF-8: replacement characters would change prompts silently
 */
export async function readText(file: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new InvalidInputError(`${file}: expected UTF-8 text, found bytes that are not UTF-8.`, { cause });
  }
}
