import { readFile } from "node:fs/promises";
import { InvalidInputError } from "@blora/spec";

/**
 * The text of a UTF-8 file without its byte order mark.
 *
 * @throws InvalidInputError for other encodings: replacement characters would train silently on damaged text.
 */
export async function readText(file: string): Promise<string> {
  const bytes = await readFile(file);
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

/**
 * Lines as GLUE files mean them: ended by \n or \r\n and by nothing else. A
 * lone \r, U+2028, U+0085 or NUL is part of the text.
 */
export function splitLines(text: string): string[] {
  const lines = text.split("\n");
  if (lines[lines.length - 1] === "") lines.pop();
  return lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
}
