import type { RowLikelihood, Scores } from "@blora/spec";

/** Mean log-likelihood of a target token, in nats, and perplexity: exp of its negative. */
export function likelihoodScores(rows: readonly RowLikelihood[]): Scores {
  const tokens = rows.reduce((total, row) => total + row.tokens, 0);
  const logLikelihood = rows.reduce((total, row) => total + row.logLikelihood, 0) / tokens;
  return { logLikelihood, perplexity: Math.exp(-logLikelihood) };
}
