import type { Task, Tokenizer } from "@blora/spec";
import { ops, softmaxCrossEntropy, uniformValues } from "@blora/tensor";

const ROWS = { train: 2048, validation: 8 } as const;
/** Below most vocabularies that are timed. */
const IDS = 20_000;

/** Two classes of random tokens below `ids`, every row `length` tokens long: nothing to learn, and no padding to time. */
export function tokenTask(length: number, ids: number = IDS): Task {
  return {
    name: `tokens-${length}`,
    head: { kind: "classification", labels: ["a", "b"] },
    primaryMetric: "accuracy",
    splits: { train: "train", evaluation: ["validation"] },
    load: async (name) => ({
      name,
      examples: Array.from({ length: ROWS[name as keyof typeof ROWS] }, (_, row) => ({
        first: `${name} ${row}`,
        label: row % 2,
        origin: `${name}:${row}`,
      })),
    }),
    encode: ({ first, label }) => {
      const noise = uniformValues({ seed: 1, step: 0, path: first }, length);
      const inputIds = Array.from(noise, (u) => 1000 + Math.floor(u * (ids - 1000)));
      return { inputIds, tokenTypeIds: inputIds.map(() => 0), truncated: false, label };
    },
    loss: (logits, labels) =>
      softmaxCrossEntropy(logits, ops.cast(ops.oneHot(ops.cast(labels, "int32"), 2), "float32")),
    score: (logits, labels) => ({
      accuracy:
        labels.filter((label, row) => Number(logits[2 * row + 1]! > logits[2 * row]!) === label).length / labels.length,
    }),
    majority: () => ({ accuracy: 0.5 }),
  };
}

const unused = (): never => {
  throw new Error("rows of random tokens need no tokenizer");
};

/** What `tokenTask` is passed, and never asks. */
export const noTokenizer: Tokenizer = {
  vocabularySize: IDS,
  special: { pad: 0 },
  encode: unused,
  decode: unused,
  assemble: unused,
};
