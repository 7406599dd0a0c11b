import { basename } from "node:path";
import { ownFiles, parseFileName } from "@blora/data";
import { BloraError, InvalidInputError, requireValid, type Understood } from "@blora/spec";
import { looksLikeColumns } from "./conll.ts";
import { hasLists } from "./lists.ts";
import { type Column, givenSchema, type TokensOptions } from "./options.ts";
import { FORMATS, hasRows, readSentences } from "./sentences.ts";
import { orderedTags, schemeOf } from "./tags.ts";

/** Tags that differ on more than half of the words are no classes. */
const MOST_TAGS_PER_WORD = 0.5;
const FEW_TAGS = 20;
/** Tags a sentence names. */
const SHOWN = 12;

/**
 * What the training sentences say that `given` leaves open: which columns hold words and tags, how the tags name
 * entities, and the tags themselves, in the order of their numbers or else `O` first and by type.
 *
 * @throws NotFoundError | InvalidInputError naming the file and what is missing or cannot be told
 */
export async function understandData(
  data: string,
  given: Partial<TokensOptions> = {},
): Promise<Understood<TokensOptions>> {
  requireValid(givenSchema, given, 'Options of task "tokens"');
  const { files } = (await ownFiles(given.train ?? "train", data, FORMATS))!;
  const read = await Promise.all(files.map((file) => readSentences(file, given)));
  const { file, words, tags, names } = read[0]!;
  if (tags === undefined) {
    const advice = typeof words === "number" ? "" : " Name the column of the tags: task.tags=<column>.";
    throw new InvalidInputError(`${file}: expected words with tags, found words alone.${advice}`);
  }
  const sequences = read.flatMap(({ sentences }) =>
    sentences.flatMap((sentence) => (sentence.tags ? [sentence.tags] : [])),
  );
  const found = schemeOf(sequences);
  const scheme = given.scheme ?? found.scheme;
  const labels = given.labels ?? names ?? tagsOf(sequences, orderedTags(sequences, scheme), { file, column: tags });
  const options: TokensOptions = { ...given, labels, scheme, words, tags };
  const count = {
    sentences: sequences.length,
    words: sequences.flat().length,
    broken: found.broken,
    odd: given.scheme === undefined ? found.odd : [],
  };
  return { options, sentence: `${basename(data)}: ${sentenceOf(options, count)}` };
}

/** Whether data hold words with tags, at a glance: what a user means who names no task. */
export async function recognizes(data: string): Promise<boolean> {
  try {
    const [file] = (await ownFiles("train", data, FORMATS))?.files ?? [];
    if (file === undefined) return false;
    if (hasRows(file)) return await hasLists(file);
    const format = parseFileName(basename(file))?.format;
    if (format !== undefined && format !== ".txt") return FORMATS.includes(format);
    return await looksLikeColumns(file);
  } catch (error) {
    // What cannot be read is not recognized; the task that is chosen then says why.
    if (BloraError.isInstance(error)) return false;
    throw error;
  }
}

function tagsOf(
  sequences: readonly (readonly string[])[],
  tags: readonly string[],
  { file, column }: { readonly file: string; readonly column: Column },
): readonly string[] {
  const words = sequences.flat().length;
  if (tags.length < 2) {
    const found = tags.length === 0 ? "none" : `${tags[0]} alone`;
    throw new InvalidInputError(`${file}: expected at least two tags in column ${column}, found ${found}.`);
  }
  if (tags.length > FEW_TAGS && tags.length > MOST_TAGS_PER_WORD * words) {
    throw new InvalidInputError(
      `${file}: expected tags in column ${column}, found ${tags.length} different texts for ${words} words. Name the column of the tags: task.tags=<column>.`,
    );
  }
  return tags;
}

interface Count {
  readonly sentences: number;
  readonly words: number;
  readonly broken: number;
  readonly odd: readonly string[];
}

function sentenceOf({ labels, scheme, words, tags }: TokensOptions, count: Count): string {
  const list = labels.length > SHOWN ? [...labels.slice(0, SHOWN), "…"] : labels;
  const place = (column: Column) => (typeof column === "number" ? `column ${column}` : column);
  const broken = count.broken === 0 ? "" : `, ${count.broken} entities of which begin with I`;
  const how = scheme === "none" ? "" : ` in ${scheme}${broken}`;
  const odd =
    count.odd.length === 0
      ? ""
      : ` Scores count words, not entities: ${count.odd.slice(0, SHOWN).join(", ")} ${count.odd.length === 1 ? "is no tag" : "are no tags"} of a scheme such as IOB2, whose tags are O, B-… and I-….`;
  return `${count.sentences} sentences of ${count.words} words; learns from the words in ${place(words)} which of ${labels.length} tags${how} is in ${place(tags)} (${list.join(", ")}).${odd}`;
}
