import type { Scores } from "@blora/spec";

/** `accuracy 0.7500  macro_f1 0.7605`; a score that has no value, as a correlation with a constant, is said to be undefined. */
export function scoresLine(scores: Scores): string {
  return Object.entries(scores)
    .map(([name, value]) => `${name} ${Number.isFinite(value) ? value.toFixed(4) : "undefined"}`)
    .join("  ");
}
