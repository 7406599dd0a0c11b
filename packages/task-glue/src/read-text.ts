import { readFile } from "node:fs/promises";
import { decodeText } from "@blora/spec";

/** The text of a UTF-8 file without its byte order mark. @throws InvalidInputError for other encodings */
export async function readText(file: string): Promise<string> {
  return decodeText(await readFile(file), file);
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
