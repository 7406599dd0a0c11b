import { basename } from "node:path";
import { parseFileName } from "@blora/data";
import { answerOf } from "@blora/spec";
import type { Predictions } from "@blora/trainer";
import { requireWritten } from "./prediction-format.ts";
import { toCsv, withoutBreaks } from "./predictions.ts";

/** How tagged words are written: a sentence a line, a word a line, or a word a row. */
export type TaggedFormat = "jsonl" | "conll" | "csv";

/** A word, its likeliest tag and the probability of that; neither for a word that was cut off or has no token. */
interface TaggedWord {
  readonly word: string;
  readonly tag: string | null;
  readonly probability: number | null;
}

/** The format a file's name asks for; where none is named, that of the data. */
export function taggedFormat(out: string | undefined, data: string | undefined): TaggedFormat {
  requireWritten(out, ".conll, .jsonl or .csv", /\.tsv$/i);
  const name = out ?? data;
  const format = name === undefined ? undefined : parseFileName(basename(name))?.format;
  if (out !== undefined && format === ".csv") return "csv";
  const isColumns =
    format === ".conll" || format === ".iob" || format === ".iob2" || format === ".bio" || format === ".txt";
  return isColumns ? "conll" : "jsonl";
}

/** Every sentence with its tags. */
export function taggedText(
  { head, examples, logits, words = [] }: Pick<Predictions, "head" | "examples" | "logits" | "words">,
  format: TaggedFormat,
): string {
  if (head.kind !== "token-classification")
    throw new Error(`expected the answers of words, found those of ${head.kind}`);
  const C = head.labels.length;
  let answer = 0;
  const sentences = examples.map(({ words: all = [], origin }, row) => {
    const answered = new Map((words[row] ?? []).map((word) => [word, answer++]));
    const tagged = all.map((word, index): TaggedWord => {
      const at = answered.get(index);
      if (at === undefined) return { word, tag: null, probability: null };
      const { chosen, probabilities } = answerOf(head, logits.subarray(at * C, (at + 1) * C));
      const [label] = chosen as [number];
      return { word, tag: head.labels[label]!, probability: Number(probabilities[label]!.toFixed(6)) };
    });
    return { origin, tagged };
  });
  return WRITERS[format](sentences);
}

/** A line is a word and a tab ends it: whoever reads the columns must find as many words as were given. */
function wordInColumn(word: string): string {
  return withoutBreaks(word).trim() || "_";
}

interface TaggedSentence {
  readonly origin: string;
  readonly tagged: readonly TaggedWord[];
}

/** In columns a word without a tag has "_", as has a word without a letter, and a break within a word is a space. */
const WRITERS: Readonly<Record<TaggedFormat, (sentences: readonly TaggedSentence[]) => string>> = {
  jsonl: (sentences) =>
    sentences
      .map(({ origin, tagged }) => {
        const columns = {
          words: tagged.map(({ word }) => word),
          tags: tagged.map(({ tag }) => tag),
          probabilities: tagged.map(({ probability }) => probability),
        };
        return `${JSON.stringify({ row: origin, ...columns })}\n`;
      })
      .join(""),
  conll: (sentences) => {
    const written = sentences.map(({ tagged }) => tagged.map(({ word, tag }) => ({ word: wordInColumn(word), tag })));
    const between = written.flat().some(({ word }) => /\s/.test(word)) ? "\t" : " ";
    return written.map((words) => words.map(({ word, tag }) => `${word}${between}${tag ?? "_"}\n`).join("")).join("\n");
  },
  csv: (sentences) =>
    toCsv([
      ["row", "word", "tag", "probability"],
      ...sentences.flatMap(({ origin, tagged }) =>
        tagged.map(({ word, tag, probability }) => [origin, word, tag ?? "", String(probability ?? "")]),
      ),
    ]),
};
