/** One unit going from a level to the next. */
export interface Step {
  /** Units of one group share a cost. */
  readonly group: string;
  readonly unit: number;
  /** Level it goes to; 0 is where every unit starts. */
  readonly level: number;
  readonly worth: number;
}

/**
 * The levels a budget pays for: steps are taken by falling worth, in one pass,
 * those that no longer fit left out. Where a step never gets cheaper as others
 * are taken, the cost ends at or under the budget, and short of it by less
 * than the cheapest step that is left.
 *
 * @param units how many each group has
 * @param costOf cost of a group at the levels of its units
 * @returns levels of the units, by group
 */
export function spendBudget(
  steps: readonly Step[],
  units: ReadonlyMap<string, number>,
  costOf: (group: string, levels: readonly number[]) => number,
  budget: number,
): Map<string, number[]> {
  const levels = new Map([...units].map(([group, count]) => [group, Array<number>(count).fill(0)]));
  const costs = new Map([...levels].map(([group, own]) => [group, costOf(group, own)]));
  let left = [...costs.values()].reduce((rest, cost) => rest - cost, budget);
  // Of steps worth the same the narrower come first: those of one unit must ascend.
  const ordered = [...steps].sort((a, b) => (a.worth === b.worth ? a.level - b.level : b.worth - a.worth));
  for (const { group, unit, level } of ordered) {
    const own = levels.get(group)!;
    if (own[unit] !== level - 1) continue;
    own[unit] = level;
    const cost = costOf(group, own);
    const added = cost - costs.get(group)!;
    if (added > left) {
      own[unit] = level - 1;
      continue;
    }
    left -= added;
    costs.set(group, cost);
  }
  return levels;
}
