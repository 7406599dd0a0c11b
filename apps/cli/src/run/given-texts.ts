import { wordsOf } from "@blora/inference";
import { type Example, InvalidInputError, type LabelTask } from "@blora/spec";

/**
 * The task with texts of the command line for its rows, whatever split is asked for; two after the other where a row is a
 * pair, and cut into words where these have tags.
 *
 * @throws InvalidInputError for a pair without its second text, and for a text without a word where words have tags
 */
export function ofGivenTexts(task: LabelTask, texts: readonly string[]): LabelTask {
  const examples = task.head.kind === "token-classification" ? texts.map(inWords) : inRows(task, texts);
  return { ...task, load: async (name) => ({ name, examples }) };
}

const originOf = (row: number): string => `--text ${row + 1}`;

function inWords(text: string, row: number): Example {
  const words = wordsOf(text);
  const origin = originOf(row);
  if (words.length === 0) throw new InvalidInputError(`${origin}: expected words, found ${JSON.stringify(text)}.`);
  return { first: "", words, origin };
}

function inRows(task: LabelTask, texts: readonly string[]): Example[] {
  const size = task.takesPairs ? 2 : 1;
  if (texts.length % size !== 0) {
    throw new InvalidInputError(
      `--text: expected pairs of texts, as ${task.name} has them, found ${texts.length} in all. Give --text twice for each row.`,
    );
  }
  return Array.from({ length: texts.length / size }, (_, row) => {
    const [first, second] = texts.slice(row * size, (row + 1) * size);
    return { first: first!, ...(second !== undefined && { second }), origin: originOf(row) };
  });
}
