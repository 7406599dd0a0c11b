export type { AnswerRecord } from "./answers-file.ts";
export {
  createRequestEncoder,
  type EncodedRequest,
  type RequestEncoderOptions,
  type ScoredRow,
} from "./encode-request.ts";
export { evaluateLikelihood, type LikelihoodRun } from "./evaluate-likelihood.ts";
export { contextOf, promptsHash } from "./prompts-hash.ts";
export type { LikelihoodProgress, LikelihoodSummary } from "./summary.ts";
