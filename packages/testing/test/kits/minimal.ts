import {
  type Architecture,
  type Component,
  definePlugin,
  InvalidInputError,
  type LabelTask,
  type LanguageModelTask,
  type Method,
  noOptions,
  type ParameterSpec,
  type PluginKind,
  type PluginKinds,
} from "@blora/spec";
import { normalValues, ops, softmaxCrossEntropy } from "@blora/tensor";
import type { ArchitectureFixture } from "../../src/index.ts";

/** The smallest components that keep every law: what the kits accept, and what faults are put into. */

/** A rank-1 update that starts at zero. */
export const method: Method = {
  init: (site, seed) => ({
    layout: {},
    parameters: {
      A: {
        shape: [1, site.inFeatures],
        values: normalValues({ seed, step: 0, path: site.path }, site.inFeatures),
        group: "weights",
      },
      B: { shape: [site.outFeatures, 1], values: new Float32Array(site.outFeatures), group: "weights" },
    },
  }),
  apply: ({ parameters }, x, base) => base.applyLowRank(x, parameters.A!, parameters.B!),
  usage: (site) => method.baselineUsage(site),
  baselineUsage: (site) => ({
    site,
    matmuls: [
      { matrix: "A", macsPerToken: site.inFeatures, keep: 1, weightBits: 32, inputBits: 32 },
      { matrix: "B", macsPerToken: site.outFeatures, keep: 1, weightBits: 32, inputBits: 32 },
    ],
  }),
  summary: () => ({ rank: 1, bits: { A: 32, B: 32 } }),
  export: (_site, { parameters }) => ({ rank: 1, A: parameters.A!.values, B: parameters.B!.values }),
};

const WIDTH = 6;
const WORDS = 20;
const sites = ["inner", "outer"].map((path) => ({ path, role: path, inFeatures: WIDTH, outFeatures: WIDTH }));

/** Mean of word embeddings through two layers. */
export const architecture: Architecture<{ words: number }> = {
  modelTypes: ["bag-of-words"],
  defaultTargets: ["inner"],
  parseConfig: (json) => {
    const words = (json as { words?: unknown } | null)?.words;
    if (typeof words !== "number") throw new InvalidInputError(`words must be a number, not ${String(words)}.`);
    return { words };
  },
  maxLength: () => 100,
  sites: () => sites,
  parameters: ({ words }, head) => {
    const init = { kind: "normal", standardDeviation: 0.1 } as const;
    const classes = head.kind === "classification" ? head.labels.length : 1;
    return [
      { name: "words.weight", shape: [words, WIDTH], role: "base", init },
      ...sites.map(
        ({ path }): ParameterSpec => ({ name: `${path}.weight`, shape: [WIDTH, WIDTH], role: "base", init }),
      ),
      { name: "head.weight", shape: [classes, WIDTH], role: "head", init },
    ];
  },
  forward: ({ batch, lookup, linear }) => {
    const [B, T] = batch.inputIds.shape as [number, number];
    const embedded = ops.gather(lookup("words.weight"), ops.reshape(batch.inputIds, [B * T]));
    const rows = ops.tanh(linear("inner", embedded)); // [B·T, H]
    const mask = ops.reshape(batch.attentionMask, [B, T, 1]);
    const total = ops.sum(ops.mul(ops.reshape(rows, [B, T, WIDTH]), mask), 1); // [B, H]
    const pooled = ops.div(total, ops.sum(mask, 1));
    return linear("head", ops.tanh(linear("outer", pooled)));
  },
};
export const architectureFixture: ArchitectureFixture = {
  config: { words: WORDS },
  texts: [
    [1, 2, 3, 4],
    [5, 6],
    [7, 8, 9],
  ],
  padding: 0,
};

const accuracy = (predictions: readonly number[], labels: readonly number[]) => ({
  accuracy: predictions.filter((prediction, row) => prediction === labels[row]).length / labels.length,
});

/** Is a text long? */
export const task: LabelTask = {
  name: "length",
  head: { kind: "classification", labels: ["short", "long"] },
  primaryMetric: "accuracy",
  splits: { train: "train", evaluation: ["dev"] },
  load: async (name) => ({
    name,
    examples: ["a word", "a few more words than that"].map((first, label) => ({
      first,
      label,
      origin: `${name}:${label}`,
    })),
  }),
  encode: ({ first, second, label }, tokenizer, maxLength) => ({
    ...tokenizer.assemble(
      tokenizer.encode(first),
      second === undefined ? undefined : tokenizer.encode(second),
      maxLength,
    ),
    label,
  }),
  loss: (logits, labels) => softmaxCrossEntropy(logits, ops.cast(ops.oneHot(ops.cast(labels, "int32"), 2), "float32")),
  score: (logits, labels) =>
    accuracy(
      labels.map((_, row) => (logits[2 * row + 1]! > logits[2 * row]! ? 1 : 0)),
      labels,
    ),
  majority: (labels) => {
    const ones = labels.filter((label) => label === 1).length;
    const answer = 2 * ones > labels.length ? 1 : 0;
    return accuracy(
      labels.map(() => answer),
      labels,
    );
  },
};

/** Continues every text after its first word. */
export const languageModelTask: LanguageModelTask = {
  name: "continuation",
  head: { kind: "language-model" },
  primaryMetric: "logLikelihood",
  splits: task.splits,
  load: async (name) => ({ name, examples: [{ first: "a ".repeat(20), origin: `${name}:1` }] }),
  encode: ({ first, label }, tokenizer, maxLength) => {
    const ids = tokenizer.encode(first);
    const inputIds = ids.slice(0, maxLength);
    return {
      inputIds,
      tokenTypeIds: inputIds.map(() => 0),
      targets: [...inputIds.keys()].slice(1),
      truncated: ids.length > maxLength,
      label,
    };
  },
  score: (rows) => {
    const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
    return { logLikelihood: sum(rows.map((row) => row.logLikelihood)) / sum(rows.map((row) => row.tokens)) };
  },
};

/** A component as `definePlugin` makes it. */
export function component<const K extends PluginKind, Product extends PluginKinds[K]>(
  kind: K,
  product: Product,
): Product & Component<K> {
  const create = (): Product => ({ ...product });
  return definePlugin({ kind, id: "minimal", optionsSchema: noOptions, create })();
}
