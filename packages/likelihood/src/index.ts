export type { LikelihoodProgress } from "./answer-all.ts";
export type { AnswerRecord } from "./answers-file.ts";
export {
  contextOf,
  createRequestEncoder,
  type EncodedRequest,
  type RequestEncoderOptions,
  type ScoredRow,
} from "./encode-request.ts";
export { answerShard, evaluateLikelihood, type LikelihoodRun, type ShardSummary } from "./evaluate-likelihood.ts";
export { promptsHash } from "./prompts-hash.ts";
export type { Shard } from "./shards.ts";
export type { LikelihoodSummary } from "./summary.ts";
