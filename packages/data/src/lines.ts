import { InvalidInputError } from "@blora/spec";

/**
 * Lines of text, ended by \n or \r\n and by nothing else: a lone \r, U+2028,
 * U+0085 or NUL is part of the text. The last one needs no ending.
 *
 * @throws InvalidInputError for a file whose lines all end with a lone \r, which would be one line
 */
export function linesOf(file: string, text: string): string[] {
  if (!text.includes("\n") && text.trimEnd().includes("\r")) {
    throw new InvalidInputError(
      `${file}: expected lines that end with \\n or \\r\\n, found carriage returns alone. Convert them with tr '\\r' '\\n'.`,
    );
  }
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
}
