import { readFile } from "node:fs/promises";
import { decodeText, InvalidInputError } from "@blora/spec";
import { type Question, type QuestionRow, rowOrigin, toQuestion } from "./question.ts";

/**
 * Reads one JSON object a line, with the Hub's keys: question, choices, answer, and subject where a file holds several.
 *
 * @throws InvalidInputError naming file and row
 */
export async function readJsonl(file: string): Promise<Question[]> {
  const lines = decodeText(await readFile(file), file).split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line, index) => {
    const origin = rowOrigin(file, index + 1);
    return toQuestion(parseObject(line, origin), origin);
  });
}

function parseObject(line: string, origin: string): QuestionRow {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new InvalidInputError(`${origin}: expected a JSON object, found text that is not JSON.`, { cause });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as QuestionRow;
  throw new InvalidInputError(`${origin}: expected a JSON object, found ${JSON.stringify(value)}.`);
}
