import type { Example } from "@blora/spec";

/** What a class counts in the loss, by name; a class that is not named counts 1. */
export type ClassWeights = Readonly<Record<string, number>>;

/**
 * Weights that make up for how often a class occurs. One class a row: rows / (classes · rows of the class), as
 * scikit-learn's `balanced`. Several: rows without the class / rows with it, as the `pos_weight` of PyTorch's
 * `BCEWithLogitsLoss` is meant. A class that no row lacks or has counts 1.
 */
export function balancedWeights(
  examples: readonly Example[],
  labels: readonly string[],
  several: boolean,
): ClassWeights {
  const counts = labels.map(() => 0);
  for (const { label, labels: own = label === undefined ? [] : [label] } of examples)
    for (const index of own) counts[index]!++;
  const weightOf = (count: number): number => {
    const weight = several ? (examples.length - count) / count : examples.length / (labels.length * count);
    return weight > 0 && Number.isFinite(weight) ? weight : 1;
  };
  return Object.fromEntries(labels.map((label, index) => [label, weightOf(counts[index]!)]));
}

/** In the order of the classes. */
export function weightsOf(labels: readonly string[], weights: ClassWeights): number[] {
  return labels.map((label) => (Object.hasOwn(weights, label) ? weights[label]! : 1));
}
