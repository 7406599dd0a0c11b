export {
  accuracy,
  argmaxRows,
  type ClassScores,
  classScores,
  confusionMatrix,
  f1,
  macroF1,
  matthewsCorrelation,
  mostFrequent,
  ratesOf,
} from "./classification.ts";
export { averageRanks, pearson, rootMeanSquaredError, spearman } from "./correlation.ts";
export { type Entity, type EntityScores, entitiesOf, entityScores } from "./entities.ts";
export {
  type LabelCounts,
  labelCounts,
  macroF1OfLabels,
  microF1OfLabels,
  subsetAccuracy,
} from "./several-labels.ts";
