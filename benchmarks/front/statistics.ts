import { spreadOf } from "../../packages/report/src/sweep/spread.ts";

/** Mean of paired differences, with the standard error of that mean. */
export interface Difference {
  readonly mean: number;
  /** √(Σ(d − mean)² / (n − 1) / n); undefined for one pair. */
  readonly standardError: number | undefined;
  readonly count: number;
}

/** @returns undefined for no differences */
export function differenceOf(differences: readonly number[]): Difference | undefined {
  const spread = spreadOf(differences);
  if (spread === undefined) return undefined;
  const { mean, standardDeviation, count } = spread;
  return { mean, standardError: standardDeviation === null ? undefined : standardDeviation / Math.sqrt(count), count };
}

/** With its sign, its error, and how many pairs it is of. */
export function describeDifference(found: Difference | undefined): string {
  if (found === undefined) return "";
  const { mean, standardError, count } = found;
  const error = standardError === undefined ? "" : ` ± ${standardError.toFixed(4)}`;
  return `${mean < 0 ? "" : "+"}${mean.toFixed(4)}${error} (${count})`;
}

/** Paired ratios of positive numbers. */
export interface Ratio {
  readonly geometricMean: number;
  /** Pairs whose ratio is below 1. */
  readonly below: number;
  readonly count: number;
}

/** @returns undefined for no ratios */
export function ratioOf(ratios: readonly number[]): Ratio | undefined {
  const count = ratios.length;
  if (count === 0) return undefined;
  const geometricMean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / count);
  return { geometricMean, below: ratios.filter((ratio) => ratio < 1).length, count };
}
