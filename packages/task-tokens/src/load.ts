import { basename } from "node:path";
import { labelIndices, ownFiles, type SplitFiles, shownNames } from "@blora/data";
import { type Example, InvalidInputError, type LoadOptions, type Split } from "@blora/spec";
import { holdOut, wordsKey } from "./hold-out.ts";
import type { TokensOptions } from "./options.ts";
import type { Sentence } from "./sentence.ts";
import { FORMATS, readSentences } from "./sentences.ts";

const SHARE = 0.1;
const SEED = 42;
/** Unknown tags an error lists. */
const SHOWN = 8;

/** Sentences as examples, and what was left out of their files. */
interface Loaded {
  readonly examples: readonly Example[];
  readonly notes: readonly string[];
}

/**
 * A split of a data file or folder. Where there is no `validation`, a share of the training sentences is.
 *
 * @throws NotFoundError | InvalidInputError naming file and row, or every tag that training does not have
 */
export async function loadSplit(
  options: TokensOptions,
  name: string,
  data: string,
  { unlabelled = false }: LoadOptions = {},
): Promise<Split> {
  const { train = "train" } = options;
  const isTrain = name === train;
  const own = await ownFiles(name, data, FORMATS);
  if (own !== undefined && !isTrain) {
    const { examples, notes } = await examplesOf(own, options, unlabelled ? "unread" : "read");
    return { name, examples, notes: [...notes, ...(await sharedSentences(options, name, examples, data))] };
  }
  const all = await examplesOf((await ownFiles(train, data, FORMATS))!, options, "required");
  const isWhole = options.evaluation !== undefined || (await ownFiles("validation", data, FORMATS)) !== undefined;
  if (isWhole) return { name, examples: all.examples, notes: [...all.notes, ...repeated(all.examples)] };
  const { validationShare = SHARE, validationSeed = SEED } = options;
  const parts = holdOut(all.examples, validationShare, validationSeed);
  if (isTrain) return { name, examples: parts.train, notes: [...all.notes, ...repeated(parts.train)] };
  const note = `The data have no validation split: ${parts.validation.length} of ${all.examples.length} training sentences are held out for it (seed ${validationSeed}).`;
  return { name, examples: parts.validation, notes: [note] };
}

async function examplesOf(
  { files, notes }: SplitFiles,
  options: TokensOptions,
  use: "required" | "read" | "unread",
): Promise<Loaded> {
  const given = { ...options, unread: use === "unread" };
  const read = await Promise.all(files.map((file) => readSentences(file, given)));
  const examples = read.flatMap(({ sentences }) => examplesWith(sentences, options.labels));
  const untagged = use === "required" ? examples.find(({ labels }) => labels === undefined) : undefined;
  if (untagged !== undefined)
    throw new InvalidInputError(`${untagged.origin}: expected words with tags, found no tags.`);
  const empty = examples.filter(({ words = [] }) => words.length === 0).length;
  return {
    examples,
    notes: [
      ...notes,
      ...read.flatMap((file) => file.notes),
      ...(empty > 0 ? [`${empty} of ${examples.length} sentences have no words.`] : []),
    ],
  };
}

function examplesWith(sentences: readonly Sentence[], names: readonly string[]): Example[] {
  const indexOf = labelIndices(names);
  requireKnown(sentences, names, indexOf);
  return sentences.map(({ words, tags, origin }) => ({
    first: "",
    words,
    ...(tags && { labels: tags.map((tag) => indexOf(tag)!) }),
    origin,
  }));
}

function requireKnown(
  sentences: readonly Sentence[],
  names: readonly string[],
  indexOf: ReturnType<typeof labelIndices>,
): void {
  const unknown = new Map<string, { first: string; count: number }>();
  for (const { tags = [], origin } of sentences) {
    tags.forEach((tag, word) => {
      if (indexOf(tag) !== undefined) return;
      const { first, count } = unknown.get(tag) ?? { first: `${origin}, word ${word + 1}`, count: 0 };
      unknown.set(tag, { first, count: count + 1 });
    });
  }
  if (unknown.size === 0) return;
  const listed = [...unknown].slice(0, SHOWN).map(([tag, { first, count }]) => {
    return `${JSON.stringify(tag)} (${count} ${count === 1 ? "time" : "times"}, first in ${first})`;
  });
  const more = unknown.size > SHOWN ? ` and ${unknown.size - SHOWN} others` : "";
  throw new InvalidInputError(
    `Expected the tags that training has (${shownNames(names)}), found ${listed.join(", ")}${more}.`,
  );
}

function repeated(examples: readonly Example[]): string[] {
  const tags = new Map<string, Set<string>>();
  for (const example of examples) {
    const key = wordsKey(example);
    tags.set(key, (tags.get(key) ?? new Set()).add(JSON.stringify(example.labels)));
  }
  const count = examples.length - tags.size;
  const torn = [...tags.values()].filter(({ size }) => size > 1).length;
  return [
    ...(count > 0 ? [`${count} of ${examples.length} training sentences repeat another.`] : []),
    ...(torn > 0 ? [`${torn} sentences stand in training with different tags.`] : []),
  ];
}

/** Says how many sentences were seen in training: their score is no measure. */
async function sharedSentences(
  options: TokensOptions,
  name: string,
  examples: readonly Example[],
  data: string,
): Promise<readonly string[]> {
  if (name === basename(data)) return [];
  const own = (await ownFiles(options.train ?? "train", data, FORMATS))!;
  const known = new Set((await examplesOf(own, options, "required")).examples.map(wordsKey));
  const shared = examples.filter((example) => known.has(wordsKey(example))).length;
  if (shared === 0) return [];
  return [`${shared} of ${examples.length} sentences of ${name} stand in training as well, so the score flatters.`];
}
