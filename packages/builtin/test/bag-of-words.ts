import type { Example } from "@blora/spec";

/** The words of a sentence. */
export const words = (text: string): string[] => text.split(" ");

/** The words and the pairs of neighbours of a sentence. */
export const wordPairs = (text: string): string[] => {
  const list = words(text);
  return [...list, ...list.slice(1).map((word, index) => `${list[index]} ${word}`)];
};

/** Accuracy on `test` of a logistic regression on the features of `train`, by AdaGrad with a little weight decay. */
export function logisticRegressionAccuracy(
  train: readonly Example[],
  test: readonly Example[],
  features: (text: string) => string[],
): number {
  const weights = new Map<string, number>();
  const squares = new Map<string, number>();
  const score = (text: string): number => features(text).reduce((sum, name) => sum + (weights.get(name) ?? 0), 0);
  for (let epoch = 0; epoch < 15; epoch++) {
    for (const { first, label } of train) {
      const error = 1 / (1 + Math.exp(-score(first))) - label!;
      for (const name of features(first)) {
        const weight = weights.get(name) ?? 0;
        const gradient = error + 0.01 * weight;
        const square = (squares.get(name) ?? 0) + gradient ** 2;
        squares.set(name, square);
        weights.set(name, weight - (0.2 * gradient) / Math.sqrt(square + 1e-8));
      }
    }
  }
  return test.filter(({ first, label }) => (score(first) > 0 ? 1 : 0) === label).length / test.length;
}
