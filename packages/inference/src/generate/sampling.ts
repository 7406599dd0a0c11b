import { InvalidInputError, NumericalError } from "@blora/spec";

/** How the next token is chosen. */
export interface Sampling {
  /** 0 for the likeliest token; 1 for the model's own distribution; higher is more even. */
  readonly temperature: number;
  /** Draws from the fewest likeliest tokens whose probability reaches this: nucleus sampling (Holtzman et al., 2020). */
  readonly topP: number;
}

/**
 * The next token.
 *
 * @param logits [V]; -Infinity forbids a token
 * @param uniform noise in (0, 1), unused at temperature 0
 * @throws InvalidInputError for a temperature or share out of range
 * @throws NumericalError for a logit that is no number or infinite, and where every token is forbidden
 */
export function chooseToken(logits: Float32Array, { temperature, topP }: Sampling, uniform: number): number {
  requireSampling({ temperature, topP });
  const best = likeliest(logits);
  if (temperature === 0) return best;
  const weights = logits.map((logit) => Math.exp((logit - logits[best]!) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return draw(nucleus(weights, total, topP), weights, uniform);
}

/** @throws InvalidInputError naming what is out of range */
export function requireSampling({ temperature, topP }: Sampling): void {
  if (!(temperature >= 0 && Number.isFinite(temperature))) {
    throw new InvalidInputError(`temperature: expected a number from 0, found ${temperature}.`);
  }
  if (!(topP > 0 && topP <= 1)) throw new InvalidInputError(`topP: expected a number above 0, up to 1, found ${topP}.`);
}

/** The first of the largest. */
function likeliest(logits: Float32Array): number {
  let best = 0;
  for (let token = 0; token < logits.length; token++) {
    const logit = logits[token]!;
    if (!(logit < Infinity)) throw new NumericalError(`Expected finite logits, found ${logit} for token ${token}.`);
    if (logit > logits[best]!) best = token;
  }
  if (logits[best]! > -Infinity) return best;
  throw new NumericalError(`Expected a token that may come next, found none among ${logits.length}.`);
}

/** The fewest likeliest tokens whose share reaches `topP`, likeliest first; all tokens by id where that is all. */
function nucleus(weights: Float32Array, total: number, topP: number): readonly number[] {
  const tokens = Array.from(weights.keys());
  if (topP >= 1) return tokens;
  // Tokens below this share together hold less than 1 - topP, so that none of them is needed and few are sorted.
  const least = ((1 - topP) * total) / weights.length;
  const sorted = tokens.filter((token) => weights[token]! >= least).sort((a, b) => weights[b]! - weights[a]!);
  let share = 0;
  const end = sorted.findIndex((token) => {
    share += weights[token]! / total;
    return share >= topP;
  });
  return end < 0 ? sorted : sorted.slice(0, end + 1);
}

function draw(tokens: readonly number[], weights: Float32Array, uniform: number): number {
  const total = tokens.reduce((sum, token) => sum + weights[token]!, 0);
  let rest = uniform * total;
  for (const token of tokens) {
    rest -= weights[token]!;
    if (rest < 0) return token;
  }
  // Rounding left a rest: the last that can come.
  return tokens.findLast((token) => weights[token]! > 0)!;
}
