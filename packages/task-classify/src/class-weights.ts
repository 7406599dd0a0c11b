import { didYouMean, type Example, InvalidInputError } from "@blora/spec";

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

/** In the order of the classes. @throws InvalidInputError for a name that is no class's */
export function weightsOf(labels: readonly string[], weights: ClassWeights): number[] {
  const foreign = Object.keys(weights).find((name) => !labels.includes(name));
  if (foreign === undefined) return labels.map((label) => weights[label] ?? 1);
  throw new InvalidInputError(
    `classWeights: expected the classes ${labels.join(", ")}, found ${JSON.stringify(foreign)}.${didYouMean(foreign, labels)}`,
  );
}
