/** Several measurements of one quantity. */
export interface Spread {
  readonly mean: number;
  /** Sample standard deviation, n - 1 in the denominator; null for fewer than two values. */
  readonly standardDeviation: number | null;
  readonly count: number;
}

/** Mean and standard deviation; undefined where there are no values. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const count = values.length;
  if (count === 0) return undefined;
  const mean = meanOf(values);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardDeviation: count < 2 ? null : Math.sqrt(squares / (count - 1)), count };
}

/** Arithmetic mean; NaN for no values. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Mean of each key over the records that have it, every item of a list by itself; keys without a number are left out. */
export function meanByKey(
  records: readonly Readonly<Record<string, number | readonly number[]>>[],
): Record<string, number> {
  const keys = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const numbers = keys.map((key) => [key, records.flatMap((record) => record[key] ?? [])] as const);
  return Object.fromEntries(
    numbers.filter(([, values]) => values.length > 0).map(([key, values]) => [key, meanOf(values)]),
  );
}
