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
} from "./classification.ts";
export { averageRanks, pearson, rootMeanSquaredError, spearman } from "./correlation.ts";
export { type Entity, type EntityScores, entitiesOf, entityScores } from "./entities.ts";
