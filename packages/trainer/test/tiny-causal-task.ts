import type { Example, LanguageModelTask } from "@blora/spec";
import { uniformValues } from "@blora/tensor";

/** Letters to continue: the completion repeats the prompt's last letter, then counts on from it. */
export function countingExamples(count: number, split: string): Example[] {
  return Array.from({ length: count }, (_, row) => {
    const random = uniformValues({ seed: 9, step: row, path: split }, 12);
    const length = 1 + Math.floor(6 * random[11]!);
    const letters = Array.from({ length }, (_, index) => Math.floor(12 * random[index]!));
    const last = letters.at(-1)!;
    const completion = Array.from({ length: 2 + (row % 3) }, (_, index) => (last + index) % 12);
    return { first: toText(letters), second: toText(completion), origin: `${split}.jsonl:${row + 1}` };
  });
}

function toText(letters: readonly number[]): string {
  return String.fromCharCode(...letters.map((letter) => 97 + letter));
}

/** Continues prompts; only completions are learned. */
export function countingTask(splits: Readonly<Record<string, readonly Example[]>> = {}): LanguageModelTask {
  return {
    name: "counting",
    head: { kind: "language-model" },
    primaryMetric: "logLikelihood",
    splits: { train: "train", evaluation: ["validation"] },
    load: async (name) => ({ name, examples: splits[name] ?? countingExamples(name === "train" ? 60 : 20, name) }),
    encode({ first, second }, tokenizer, maxLength) {
      const prompt = [1, ...tokenizer.encode(first)];
      const whole = [...prompt, ...tokenizer.encode(second!), 2];
      const inputIds = whole.slice(0, maxLength);
      return {
        inputIds,
        tokenTypeIds: inputIds.map(() => 0),
        truncated: whole.length > maxLength,
        label: undefined,
        targets: [...inputIds.keys()].filter((index) => index >= prompt.length),
      };
    },
    score(rows) {
      const tokens = rows.reduce((total, row) => total + row.tokens, 0);
      return { logLikelihood: rows.reduce((total, row) => total + row.logLikelihood, 0) / tokens };
    },
  };
}
