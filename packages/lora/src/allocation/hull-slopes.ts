/**
 * How much error a unit of cost removes on the way from each level to the next,
 * (error_i - error_j) / (cost_j - cost_i) along the lower convex hull: never rising. Taking steps of
 * many such units by falling slope solves the linear relaxation of the
 * multiple-choice knapsack (Sinha and Zoltners 1979).
 *
 * @param costs of each level, rising, [L]
 * @param errors of each level, [L]
 * @returns [L - 1]
 */
export function hullSlopes(costs: readonly number[], errors: readonly number[]): number[] {
  const slopes: number[] = [];
  for (let from = 0; from < costs.length - 1; ) {
    let steepest = Number.NEGATIVE_INFINITY;
    let next = from + 1;
    for (let to = from + 1; to < costs.length; to++) {
      const slope = (errors[from]! - errors[to]!) / (costs[to]! - costs[from]!);
      if (slope > steepest) [steepest, next] = [slope, to];
    }
    slopes.push(...Array<number>(next - from).fill(steepest));
    from = next;
  }
  return slopes;
}
