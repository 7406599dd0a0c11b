import type { Example, LoadOptions, Split } from "@blora/spec";
import { holdOut, type Stratification, textKey } from "./hold-out.ts";
import type { ClassifyOptions } from "./options.ts";
import { quotedTexts } from "./quoted-texts.ts";
import { examplesOf } from "./rows.ts";
import { lastPart, type Tables } from "./tables.ts";

const SHARE = 0.1;
const SEED = 42;

/**
 * A split of one's own data. Where there is no `validation`, a share of the training rows is, of every class
 * alike, and equal texts together.
 *
 * @throws NotFoundError | InvalidInputError naming file and row
 */
export async function loadSplit(
  options: ClassifyOptions,
  name: string,
  data: Tables,
  { unlabelled = false }: LoadOptions = {},
): Promise<Split> {
  const { train = "train" } = options;
  const isTrain = name === train;
  const found = await data.of(name);
  if (found !== undefined && !isTrain) {
    const { tables } = found;
    const examples = tables.flatMap((table) => examplesOf(table, options, unlabelled ? "unread" : "read"));
    const quoted = quotedTexts(tables, options);
    // A file of its own is answered or scored as it is.
    if (name === lastPart(data.name)) return { name, examples, ...(quoted.length > 0 && { notes: quoted }) };
    const notes = [
      ...found.notes,
      ...quoted,
      ...repeatedTexts(examples, name),
      ...(await sharedTexts(options, examples, data)),
    ];
    return { name, examples, notes };
  }
  const learned = (isTrain ? found : await data.of(train))!;
  const all = learned.tables.flatMap((table) => examplesOf(table, options, "required"));
  const isWhole = options.evaluation !== undefined || (await data.has("validation"));
  const chosen = [...learned.notes, ...quotedTexts(learned.tables, options)];
  if (isWhole) return { name, examples: all, notes: [...chosen, ...repeatedTexts(all, "training")] };
  const { validationShare = SHARE, validationSeed = SEED } = options;
  const parts = holdOut(all, validationShare, validationSeed, stratificationOf(options));
  if (isTrain) return { name, examples: parts.train, notes: [...chosen, ...repeatedTexts(parts.train, "training")] };
  const how = options.several === true ? ", iterative stratification by label" : "";
  const note = `The data have no validation split: ${parts.validation.length} of ${all.length} training rows are held out for it (seed ${validationSeed}${how}).`;
  return { name, examples: parts.validation, notes: [note] };
}

function stratificationOf({ kind, several }: ClassifyOptions): Stratification {
  if (kind === "number") return "none";
  return several === true ? "classes" : "class";
}

/** @param what whose rows these are */
function repeatedTexts(examples: readonly Example[], what: string): string[] {
  const labels = new Map<string, Set<string>>();
  for (const example of examples) {
    const key = textKey(example);
    labels.set(key, (labels.get(key) ?? new Set()).add(String(example.labels ?? example.label)));
  }
  const repeated = examples.length - labels.size;
  const torn = [...labels.values()].filter(({ size }) => size > 1).length;
  return [
    ...(repeated > 0 ? [`${repeated} of ${examples.length} ${what} rows repeat the text of another.`] : []),
    ...(torn > 0 ? [`${torn} texts stand in ${what} with different labels.`] : []),
  ];
}

/** Says how many rows were seen in training: their score is no measure. */
async function sharedTexts(
  options: ClassifyOptions,
  examples: readonly Example[],
  data: Tables,
): Promise<readonly string[]> {
  const learned = await data.of(options.train ?? "train");
  const known = new Set(
    (learned?.tables ?? []).flatMap((table) => examplesOf(table, options, "required")).map(textKey),
  );
  const shared = examples.filter((example) => known.has(textKey(example))).length;
  return shared === 0 ? [] : [`${shared} of ${examples.length} rows stand in training as well, so the score flatters.`];
}
