import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const THINGS = ["river", "boat", "clock", "lamp"];
const STATES = ["old", "new"];

/** What adapters are asked in tests: shorter than they were trained with, by any tokenizer. */
export const TEXTS: readonly string[] = ["the boat is old", "a lamp", "the clock, is it new?"];

/** A folder with rows to train on and to evaluate: whole texts with a label, or prompts with a completion. */
export function writeData(folder: string, kind: "texts" | "prompts"): void {
  mkdirSync(folder, { recursive: true });
  for (const [split, rows] of [
    ["train", 12],
    ["validation", 4],
  ] as const) {
    const lines = Array.from({ length: rows }, (_, index) => {
      const [thing, state] = [THINGS[index % THINGS.length]!, STATES[index % STATES.length]!];
      const prompt = `the ${thing} is`;
      return kind === "texts" ? { text: `${prompt} ${state}`, label: state } : { prompt, completion: ` ${state}.` };
    });
    writeFileSync(join(folder, `${split}.jsonl`), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  }
}

/** A folder with questions of MMLU, of one subject. */
export function writeQuestions(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const rows = THINGS.map((thing, answer) => ({
    question: `Which is the ${thing}?`,
    subject: "anatomy",
    choices: THINGS,
    answer,
  }));
  writeFileSync(join(folder, "test.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}
