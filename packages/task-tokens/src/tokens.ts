import {
  definePlugin,
  type EncodedExample,
  type Example,
  type LabelTask,
  NotFoundError,
  type PlacedTokens,
  type Plugin,
  placeTokens,
  type Tokenizer,
} from "@blora/spec";
import { ops, softmaxCrossEntropy } from "@blora/tensor";
import { loadSplit } from "./load.ts";
import { optionsSchema, type TokensOptions } from "./options.ts";
import { scoreLogits, scoreMajority, scoreTypes } from "./score.ts";
import { recognizes, understandData } from "./understand-data.ts";

/**
 * A tag for every word, such as named entities, from your own jsonl or CoNLL files.
 *
 * @example const { options } = await understandData("ner.conll");
 * const entities = tokens(options);
 */
export const tokens: Plugin<"task", "tokens", TokensOptions, LabelTask> = definePlugin({
  kind: "task",
  id: "tokens",
  packageName: "@blora/task-tokens",
  optionsSchema,
  recognizes,
  fromData: understandData,
  create: createTask,
});

function createTask(options: TokensOptions): LabelTask {
  const { labels, scheme, train = "train", evaluation = ["validation"] } = options;
  return {
    name: "tokens",
    head: { kind: "token-classification", labels },
    primaryMetric: scheme === "none" ? "accuracy" : "f1",
    splits: { train, evaluation },

    load: async (split, data, use) => {
      if (data === undefined) throw new NotFoundError("The task tokens has no built-in data: name a file or folder.");
      return loadSplit(options, split, data, use);
    },

    encode: createEncode(),

    loss: (logits, given) =>
      softmaxCrossEntropy(logits, ops.cast(ops.oneHot(ops.cast(given, "int32"), labels.length), "float32")),
    score: (logits, given, answers) => scoreLogits(options, logits, given, answers),
    scoreByType: (logits, given, answers) => scoreTypes(options, logits, given, answers),
    majority: (given, answers) => scoreMajority(options, given, answers),
  };
}

/** Words come back: each is cut into its tokens once. */
function createEncode(): LabelTask["encode"] {
  const known = new WeakMap<Tokenizer, Map<string, readonly number[]>>();
  return (example, tokenizer, maxLength) => {
    const { encodeWord = tokenizer.encode } = tokenizer;
    const pieces = known.get(tokenizer) ?? new Map<string, readonly number[]>();
    known.set(tokenizer, pieces);
    for (const word of example.words ?? []) if (!pieces.has(word)) pieces.set(word, encodeWord(word));
    const own = (example.words ?? []).map((word) => pieces.get(word)!);
    return encode(example, own, placeTokens(tokenizer, own.flat(), maxLength));
  };
}

/** A word is answered by its first token; one without tokens, or behind the last that fits, is not. */
function encode(
  { labels }: Example,
  pieces: readonly (readonly number[])[],
  { places, ...assembled }: PlacedTokens,
): EncodedExample {
  const answered: number[] = [];
  const targets: number[] = [];
  let next = 0;
  pieces.forEach(({ length }, word) => {
    const place = places[next];
    if (length > 0 && place !== undefined) {
      answered.push(word);
      targets.push(place);
    }
    next += length;
  });
  return {
    ...assembled,
    label: undefined,
    ...(labels && { labels: answered.map((word) => labels[word]!) }),
    targets,
    words: answered,
  };
}
