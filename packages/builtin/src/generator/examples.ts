import type { Example } from "@blora/spec";
import { type Contrast, contrasts } from "./contrasts.ts";
import { createDraw, type Draw } from "./draw.ts";
import { type Lexicon, lexicon, splitLexicon } from "./lexicon.ts";
import { opinion } from "./opinions.ts";
import { opening } from "./phrases.ts";

/** The seed of the published task. Other seeds give other sentences of the same kind. */
export const TASK_SEED = 2406;

/** Rows of the published task. */
export const TRAIN_ROWS = 4000;
export const VALIDATION_ROWS = 1000;

export type BuiltinSplit = "train" | "validation";

/**
 * Rows of the acceptability task; label 1 is acceptable. The two splits share
 * no content word, so knowing a word must come from somewhere else than the
 * training rows.
 */
export function acceptabilityExamples(split: BuiltinSplit, rows: number, seed: number = TASK_SEED): Example[] {
  const words = splitLexicon(lexicon)[split === "train" ? 0 : 1];
  return Array.from({ length: rows }, (_, row) => {
    const draw = createDraw({ seed, step: row, path: `acceptability/${split}` });
    const acceptable = draw.chance(0.5);
    return {
      first: acceptabilitySentence(draw, words, acceptable),
      label: acceptable ? 1 : 0,
      origin: `built-in ${split}, row ${row + 1}`,
    };
  });
}

const ALL_CONTRASTS: readonly Contrast[] = Object.values(contrasts);

function acceptabilitySentence(draw: Draw, words: Lexicon, acceptable: boolean): string {
  const contrast = draw.pick(ALL_CONTRASTS);
  return [...opening(draw), ...contrast(draw, words, acceptable), "."].join(" ");
}

/**
 * Generated sentences of pretraining text: acceptable ones from the whole
 * lexicon and opinions, none of which is a row of the published task.
 */
export function pretrainingSentences(count: number, seed: number = TASK_SEED): string[] {
  const rows = [...acceptabilityExamples("train", TRAIN_ROWS), ...acceptabilityExamples("validation", VALIDATION_ROWS)];
  const taken = new Set(rows.map(({ first }) => first));
  const sentences: string[] = [];
  for (let index = 0; sentences.length < count; index++) {
    const sentence = pretrainingSentence(createDraw({ seed, step: index, path: "pretraining" }));
    if (!taken.has(sentence)) sentences.push(sentence);
  }
  return sentences;
}

const OPINION_SHARE = 0.4;

function pretrainingSentence(draw: Draw): string {
  return draw.chance(OPINION_SHARE) ? [...opinion(draw), "."].join(" ") : acceptabilitySentence(draw, lexicon, true);
}
