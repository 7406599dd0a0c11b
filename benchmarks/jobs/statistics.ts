/** Of times in milliseconds. */
export interface Percentiles {
  readonly median: number;
  readonly p95: number;
  readonly p99: number;
  readonly most: number;
}

/** @throws RangeError for no values */
export function percentilesOf(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: at(sorted, 0.5), p95: at(sorted, 0.95), p99: at(sorted, 0.99), most: at(sorted, 1) };
}

/** The smallest value that a share of all does not exceed. */
function at(sorted: readonly number[], share: number): number {
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new RangeError("expected values to take percentiles of, found none");
  return Number(value.toPrecision(4));
}

/** Milliseconds since 1970, finer than `Date.now`: the same in all processes of a machine. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
