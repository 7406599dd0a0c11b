import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeText, didYouMean, type Example, InvalidInputError, type Message, NotFoundError } from "@blora/spec";
import { z } from "zod";

const EXTENSION = ".jsonl";

const pair = z.object({ prompt: z.string(), completion: z.string() });
const chat = z.object({ messages: z.array(z.object({ role: z.string().min(1), content: z.string() })).min(1) });

/**
 * Rows of `<split>.jsonl`, or of a file named outright.
 *
 * @throws NotFoundError listing the files there are
 * @throws InvalidInputError naming file and row of a line that is no such row
 */
export async function readExamples(split: string, folder: string): Promise<Example[]> {
  const file = await findFile(split, folder);
  const path = join(folder, file);
  const lines = decodeText(await readFile(path), path).split("\n");
  return lines.flatMap((line, index) => {
    return line.trim() === "" ? [] : [parseRow(line, `${file}:${index + 1}`)];
  });
}

async function findFile(split: string, folder: string): Promise<string> {
  const entries = await readdir(folder).catch((cause: unknown) => {
    throw new NotFoundError(`The data folder ${folder} cannot be read: expected a folder of jsonl files.`, { cause });
  });
  const wanted = split.endsWith(EXTENSION) ? split : split + EXTENSION;
  if (entries.includes(wanted)) return wanted;
  const files = entries.filter((entry) => entry.endsWith(EXTENSION)).sort();
  const found = files.length === 0 ? `no ${EXTENSION} file` : files.join(", ");
  throw new NotFoundError(`The file ${wanted} is not in ${folder}: found ${found}.${didYouMean(wanted, files)}`);
}

function parseRow(line: string, origin: string): Example {
  const row = parseJson(line, origin);
  const { data: texts } = pair.safeParse(row);
  if (texts !== undefined) {
    if (texts.completion === "") throw new InvalidInputError(`${origin}: expected a completion to learn, found none.`);
    return { first: texts.prompt, second: texts.completion, origin };
  }
  const { data: conversation } = chat.safeParse(row);
  if (conversation !== undefined) return { first: "", messages: withAnswers(conversation.messages, origin), origin };
  throw new InvalidInputError(
    `${origin}: expected { prompt, completion } or { messages: [{ role, content }, …] } of texts, found ${shortened(line)}.`,
  );
}

function parseJson(line: string, origin: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new InvalidInputError(`${origin}: expected a JSON object, found ${shortened(line)}.`, { cause });
  }
}

function withAnswers(messages: readonly Message[], origin: string): readonly Message[] {
  if (messages.some(({ role, content }) => role === "assistant" && content !== "")) return messages;
  const roles = messages.map(({ role }) => role).join(", ");
  throw new InvalidInputError(`${origin}: expected a turn of the assistant to learn, found turns of ${roles}.`);
}

function shortened(line: string): string {
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
}
