import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type {
  ActivationStatistics,
  Adapter,
  Architecture,
  CostModel,
  Example,
  Head,
  LabelTask,
  Method,
  Parameter,
  SiteUsage,
  Tokenizer,
} from "@blora/spec";
import { normalValues, ops, softmaxCrossEntropy, type Tensor, uniformValues } from "@blora/tensor";
import { type Checkpoint, openCheckpoint, writeSafetensors } from "@blora/weights";

/** V, H and C of the tiny network. */
export const V = 16;
export const H = 6;
const LABELS = ["even", "odd"] as const;
const SHAPES: Readonly<Record<string, readonly number[]>> = {
  "embedding.weight": [V, H],
  "layer.0.up.weight": [H, H],
  "layer.0.up.bias": [H],
  "layer.0.down.weight": [H, H],
};

const sites = [
  { path: "layer.0.up", role: "up", inFeatures: H, outFeatures: H },
  { path: "layer.0.down", role: "down", inFeatures: H, outFeatures: H },
] as const;

/** Embedding, two linear maps with a tanh between, mean over tokens, a linear head. */
export const architecture: Architecture = {
  modelTypes: ["tiny"],
  defaultTargets: ["up", "down"],
  parseConfig: (json) => json,
  maxLength: () => 24,
  sites: () => sites,
  parameters: (_config, head) => [
    ...Object.entries(SHAPES).map(([name, shape]) => ({ name, shape, role: "base", init: { kind: "zeros" } }) as const),
    {
      name: "classifier.weight",
      shape: [outputs(head), H],
      role: "head",
      init: { kind: "normal", standardDeviation: 0.1 },
    },
    { name: "classifier.bias", shape: [outputs(head)], role: "head", init: { kind: "zeros" } },
  ],
  forward({ batch: { inputIds, attentionMask }, lookup, linear, head }) {
    const [B, T] = inputIds.shape as [number, number];
    const embedded = ops.gather(lookup("embedding.weight"), ops.reshape(inputIds, [B * T])); // [M, H]
    const hidden = linear("layer.0.down", ops.tanh(linear("layer.0.up", embedded))); // [M, H]
    if (head.kind === "token-classification") {
      return ops.reshape(linear("classifier", hidden), [B, T, head.labels.length]);
    }
    const mask = ops.expandDims(attentionMask, 2); // [B, T, 1]
    const total = ops.sum(ops.mul(ops.reshape(hidden, [B, T, H]), mask), 1);
    return linear("classifier", ops.div(total, ops.sum(mask, 1)));
  },
};

function outputs(head: Head): number {
  return "labels" in head ? head.labels.length : 1;
}

/** The tiny network as a model folder. */
export function writeTinyCheckpoint(folder: string): Checkpoint {
  const tensors = Object.entries(SHAPES).map(([name, shape]) => {
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    return [name, { shape, values: normalValues({ seed: 5, step: 0, path: name }, size, 0.5) }] as const;
  });
  mkdirSync(folder, { recursive: true });
  writeSafetensors(join(folder, "model.safetensors"), new Map(tensors));
  writeFileSync(join(folder, "config.json"), JSON.stringify({ model_type: "tiny", vocab_size: V }));
  return openCheckpoint(folder);
}

/** One id per letter: a = 4, b = 5, …; 0 to 3 are special. */
export const tokenizer: Tokenizer = {
  vocabularySize: V,
  special: { cls: 1, sep: 2, pad: 0, mask: 3, unknown: 3 },
  encode: (text) => Array.from(text, (letter) => 4 + letter.charCodeAt(0) - 97),
  decode: (ids) => String.fromCharCode(...ids.filter((id) => id >= 4).map((id) => 97 + id - 4)),
  assemble(first, _second, maxLength) {
    const kept = first.slice(0, maxLength - 2);
    const inputIds = [1, ...kept, 2];
    return { inputIds, tokenTypeIds: inputIds.map(() => 0), truncated: kept.length < first.length };
  },
};

/** Texts of 3 to 20 letters; the label tells whether more of them come from the first half of the alphabet. */
export function letterExamples(count: number, split: string): Example[] {
  return Array.from({ length: count }, (_, row) => {
    const random = uniformValues({ seed: 9, step: row, path: split }, 21);
    const letters = Array.from({ length: 3 + Math.floor(18 * random[20]!) }, (_, index) =>
      Math.floor(12 * random[index]!),
    );
    const low = letters.filter((letter) => letter < 6).length;
    const first = String.fromCharCode(...letters.map((letter) => 97 + letter));
    return { first, label: low * 2 > letters.length ? 1 : 0, origin: `${split}.tsv:${row + 1}` };
  });
}

/** Classification of letter texts. `splits` replaces the rows of a split. */
export function letterTask(splits: Readonly<Record<string, readonly Example[]>> = {}): LabelTask {
  const accuracy = (predicted: readonly number[], labels: readonly number[]): number =>
    predicted.filter((answer, row) => answer === labels[row]).length / labels.length;
  return {
    name: "letters",
    head: { kind: "classification", labels: LABELS },
    primaryMetric: "accuracy",
    splits: { train: "train", evaluation: ["validation"] },
    load: async (name) => ({ name, examples: splits[name] ?? letterExamples(name === "train" ? 90 : 40, name) }),
    encode: ({ first, label }, tokens, maxLength) => ({
      ...tokens.assemble(tokens.encode(first), undefined, maxLength),
      label,
    }),
    loss: (logits, labels) =>
      softmaxCrossEntropy(logits, ops.cast(ops.oneHot(ops.cast(labels, "int32"), 2), "float32")),
    score: (logits, labels) => ({
      accuracy: accuracy(
        labels.map((_, row) => (logits[2 * row + 1]! > logits[2 * row]! ? 1 : 0)),
        labels,
      ),
    }),
    majority: (labels) => {
      const ones = labels.filter((label) => label === 1).length / labels.length;
      return { accuracy: Math.max(ones, 1 - ones) };
    },
  };
}

export interface TestMethodOptions {
  readonly rank?: number;
  /** Share of the adapter's input that is dropped in training. */
  readonly dropout?: number;
}

/** Plain LoRA with dropout, so that noise matters. */
export function plainLora({ rank = 2, dropout = 0.1 }: TestMethodOptions = {}): Method {
  const usage = (site: (typeof sites)[number], bits = 32): SiteUsage => ({
    site,
    matmuls: [
      { matrix: "A", macsPerToken: rank * site.inFeatures, keep: 1, weightBits: bits, inputBits: bits },
      { matrix: "B", macsPerToken: rank * site.outFeatures, keep: 1, weightBits: bits, inputBits: bits },
    ],
  });
  return {
    init: (site, seed) => ({
      layout: { rank },
      parameters: {
        A: {
          shape: [rank, site.inFeatures],
          values: normalValues({ seed, step: 0, path: `${site.path}/A` }, rank * site.inFeatures, 0.3),
          group: "weights",
        },
        B: { shape: [site.outFeatures, rank], values: new Float32Array(site.outFeatures * rank), group: "weights" },
      },
    }),
    apply({ site, parameters }, x, base, context) {
      if (context.mode === "eval" || dropout === 0) return base.applyLowRank(x, parameters.A!, parameters.B!);
      const kept = ops.cast(ops.greaterEqual(context.uniform(`${site.path}/dropout`, x.shape), dropout), "float32");
      const hidden = ops.matMul(ops.mul(x, ops.mul(kept, 1 / (1 - dropout))), parameters.A!, false, true);
      return ops.add(base.apply(x), ops.matMul(hidden, parameters.B!, false, true));
    },
    usage: (site) => usage(site as (typeof sites)[number], 8),
    baselineUsage: (site) => usage(site as (typeof sites)[number]),
    summary: () => ({ rank, bits: { A: 8, B: 8 } }),
    export: (_site, { parameters }) => ({ rank, A: parameters.A!.values, B: parameters.B!.values }),
  };
}

/** What a method may observe of an activation. */
export function statisticsOf(x: Tensor): ActivationStatistics<Tensor> {
  return { min: ops.neg(ops.max(ops.neg(x))), max: ops.max(x), meanSquare: ops.mean(ops.square(x)) };
}

/** macs × bits × bits. */
export const costModel: CostModel = {
  unit: "bit operations",
  expected: () => ops.scalar(0),
  measured(usages, tokens) {
    const rows = usages.flatMap(({ site, matmuls }) =>
      matmuls.map(({ matrix, macsPerToken, keep, weightBits, inputBits }) => {
        const macs = BigInt(Math.round(macsPerToken * keep)) * BigInt(tokens);
        return { path: site.path, matrix, macs, weightBits, inputBits, cost: macs * BigInt(weightBits * inputBits) };
      }),
    );
    const sum = (pick: (row: (typeof rows)[number]) => bigint): bigint =>
      rows.reduce((all, row) => all + pick(row), 0n);
    return { unit: "bit operations", rows, macs: sum(({ macs }) => macs), total: sum(({ cost }) => cost) };
  },
};

/** Steps of the phases of `gatedLora`. */
export const GATES_FROM = 6;
export const SETTLE_FROM = 16;

/**
 * LoRA whose components get noisy gates, one of which is then removed for
 * good: layouts, groups and shapes change twice in a run.
 */
export function gatedLora({ rank = 3 }: TestMethodOptions = {}): Method {
  const plain = plainLora({ rank });
  const rankOf = ({ layout }: Pick<Adapter, "layout">): number => layout.rank as number;
  return {
    ...plain,
    apply(adapter, x, base, context) {
      const { A, B, phi } = adapter.parameters;
      if (phi === undefined) return plain.apply(adapter, x, base, context);
      const noise = ops.sub(context.uniform(`${adapter.site.path}/phi`, [rankOf(adapter)]), 0.5);
      const gates = ops.sigmoid(context.mode === "train" ? ops.add(phi, noise) : phi);
      return base.applyLowRank(x, A!, ops.mul(B!, gates));
    },
    training: {
      optimizer: { gates: { learningRate: 0.1 } },
      penalty(adapters) {
        const gates = adapters.flatMap(({ parameters }) => (parameters.phi === undefined ? [] : [parameters.phi]));
        return gates.length === 0 ? undefined : ops.mul(ops.addN(gates.map((phi) => ops.sum(ops.sigmoid(phi)))), 0.01);
      },
      beforeStep(store, { step, seed }) {
        for (const { path } of store.sites) {
          if (step === GATES_FROM) {
            const phi: Parameter = { shape: [rank], values: normalValues({ seed, step, path }, rank), group: "gates" };
            store.update(path, { layout: { rank, phase: "gates" }, parameters: { phi } });
          }
          if (step !== SETTLE_FROM) continue;
          const logits = Array.from(store.get(path).parameters.phi!.values);
          const indices = [...logits.keys()].filter((index) => logits[index]! > Math.min(...logits));
          store.select(path, "A", 0, indices);
          store.select(path, "B", 1, indices);
          store.update(path, { layout: { rank: indices.length, phase: "settle" }, parameters: { phi: undefined } });
        }
      },
      phase: ({ step }) => (step < GATES_FROM ? "warmup" : step < SETTLE_FROM ? "gates" : "settle"),
    },
    summary: (_site, adapter) => ({ rank: rankOf(adapter), bits: { A: 8, B: 8 } }),
    export: (_site, adapter) => ({
      rank: rankOf(adapter),
      A: adapter.parameters.A!.values,
      B: adapter.parameters.B!.values,
    }),
  };
}
