import { basename } from "node:path";
import { type DataRecord, findSplit, readRecords } from "@blora/data";
import { type Example, InvalidInputError, type Message } from "@blora/spec";
import { z } from "zod";

const pair = z.object({ prompt: z.string(), completion: z.string() });
const chat = z.object({ messages: z.array(z.object({ role: z.string().min(1), content: z.string() })).min(1) });

/**
 * Rows of `<split>.jsonl`, of its shards, or of a file named outright.
 *
 * @throws NotFoundError listing the files there are
 * @throws InvalidInputError naming file and row of a line that is no such row
 */
export async function readExamples(split: string, folder: string): Promise<Example[]> {
  const { files } = await findSplit(split, { folder, formats: [".jsonl", ".json", ".parquet"] });
  return (await Promise.all(files.map((file) => readRecords(file, lineOrigin)))).flat().map(toExample);
}

function lineOrigin(file: string, line: number): string {
  return `${basename(file)}:${line}`;
}

function toExample({ fields, origin }: DataRecord): Example {
  const { data: texts } = pair.safeParse(fields);
  if (texts !== undefined) {
    if (texts.completion === "") throw new InvalidInputError(`${origin}: expected a completion to learn, found none.`);
    return { first: texts.prompt, second: texts.completion, origin };
  }
  const { data: conversation } = chat.safeParse(fields);
  if (conversation !== undefined) return { first: "", messages: withAnswers(conversation.messages, origin), origin };
  throw new InvalidInputError(
    `${origin}: expected { prompt, completion } or { messages: [{ role, content }, …] } of texts, found ${JSON.stringify(fields).slice(0, 60)}.`,
  );
}

function withAnswers(messages: readonly Message[], origin: string): readonly Message[] {
  if (messages.some(({ role, content }) => role === "assistant" && content !== "")) return messages;
  const roles = messages.map(({ role }) => role).join(", ");
  throw new InvalidInputError(`${origin}: expected a turn of the assistant to learn, found turns of ${roles}.`);
}
