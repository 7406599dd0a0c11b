import { InvalidInputError, type LabelTask } from "@blora/spec";

/**
 * The task with texts of the command line for its rows, whatever split is asked for; two after the other where a row is a
 * pair.
 *
 * @throws InvalidInputError for a task whose rows are words, and for a pair without its second text
 */
export function ofGivenTexts(task: LabelTask, texts: readonly string[]): LabelTask {
  if (task.head.kind === "token-classification") {
    throw new InvalidInputError(
      `--text: expected an adapter that answers texts, found one of ${task.name}, which answers words. Name a file of words: --data.`,
    );
  }
  const size = task.takesPairs ? 2 : 1;
  if (texts.length % size !== 0) {
    throw new InvalidInputError(
      `--text: expected pairs of texts, as ${task.name} has them, found ${texts.length} in all. Give --text twice for each row.`,
    );
  }
  const examples = Array.from({ length: texts.length / size }, (_, row) => {
    const [first, second] = texts.slice(row * size, (row + 1) * size);
    return { first: first!, ...(second !== undefined && { second }), origin: `--text ${row + 1}` };
  });
  return { ...task, load: async (name) => ({ name, examples }) };
}
