export type { AnswerRecord } from "./answers-file.ts";
export {
  createRequestEncoder,
  type EncodedRequest,
  type RequestEncoderOptions,
  type ScoredRow,
} from "./encode-request.ts";
export { answerShard, evaluateLikelihood, type LikelihoodRun, type ShardSummary } from "./evaluate-likelihood.ts";
export { contextOf, promptsHash } from "./prompts-hash.ts";
export type { Shard } from "./shards.ts";
export type { LikelihoodProgress, LikelihoodSummary } from "./summary.ts";
