export { type Answer, answerOf, type ChoosingHead } from "./answer.ts";
export type {
  Architecture,
  Batch,
  ForwardInputs,
  Head,
  KeyValueCache,
  LanguageModel,
  Linear,
  LinearSite,
  ParameterLookup,
  ParameterSpec,
} from "./architecture.ts";
export type { ArtefactRef, ArtefactStore } from "./artefact-store.ts";
export { checkedGate } from "./checked-gate.ts";
export type { Context } from "./context.ts";
export type { CostModel, CostReport, CostRow, ExpectedProducts, MatmulUsage, SiteUsage } from "./cost-model.ts";
export { decodeText } from "./decode-text.ts";
export { encodeTexts, type PlacedTokens, placeTokens } from "./encode-texts.ts";
export type {
  CompiledStep,
  Engine,
  EngineDescription,
  Feed,
  FileSlice,
  FrozenTensor,
  NoiseKey,
  Precision,
  StepDefinition,
  StepInputs,
  StepOutputs,
  StepPlan,
  StepResult,
  StorageType,
} from "./engine.ts";
export { PRECISIONS } from "./engine.ts";
export {
  BloraError,
  type BloraErrorOptions,
  InvalidInputError,
  MissingDependencyError,
  NotFoundError,
  NumericalError,
  PluginError,
} from "./errors.ts";
export { type Checked, check, jsonSchemaOf, requireValid } from "./explain-issues.ts";
export { firstToken } from "./first-token.ts";
export type { Gate } from "./gate.ts";
export { POINTER_BYTES, requireNoPointer } from "./git-lfs.ts";
export { CLASS_ENDINGS, configWithHead } from "./head-config.ts";
export type {
  Job,
  JobCapacity,
  JobEngine,
  JobEvent,
  JobNeeds,
  JobProgress,
  JobResult,
  JobRun,
  Lease,
  WorkOptions,
} from "./job-engine.ts";
export {
  FORBIDDEN_KEYS,
  isJsonRecord,
  type Json,
  type JsonObject,
  type JsonRecord,
  textOfJson,
  toJson,
} from "./json.ts";
export { type JsonDifference, jsonDifferences } from "./json-differences.ts";
export type {
  GroupScore,
  LikelihoodAnswer,
  LikelihoodEvaluation,
  LikelihoodRequest,
  LikelihoodScores,
} from "./likelihood.ts";
export { markdownTable } from "./markdown-table.ts";
export type { Message } from "./message.ts";
export type {
  ActivationStatistics,
  Adapter,
  AdapterChange,
  AdapterStore,
  BaseLinear,
  CodedUpdate,
  EncodedAdapter,
  EncodedParameter,
  GateProbabilities,
  GroupOptimizer,
  LowRankUpdate,
  Matrix,
  Method,
  MethodArtifacts,
  MethodTraining,
  Progress,
  ScaledUpdate,
  SiteSummary,
  TracedAdapter,
} from "./method.ts";
export { roundsMore } from "./method.ts";
export { type ConfigRule, checkModelConfig, type ModelConfigChecks } from "./model-config.ts";
export { type NoOptions, noOptions } from "./no-options.ts";
export { onceInStore, recordKey, storedRecord } from "./once-in-store.ts";
export type { Parameter, ParameterGroup, ParameterRecord } from "./parameter.ts";
export {
  type AnyPlugin,
  type Component,
  type ComponentManifest,
  type Described,
  definePlugin,
  PLUGIN_API_VERSION,
  type Plugin,
  type PluginDefinition,
  type PluginKind,
  type PluginKinds,
  type Understood,
} from "./plugin.ts";
export {
  type EncodedValues,
  FLOAT_BITS,
  type QuantizedTensor,
  type Quantizer,
  type VectorWidths,
  type WidthGates,
  type WidthMode,
  type WidthShares,
} from "./quantizer.ts";
export { requireHead, requireLength, requirePositions } from "./require-inputs.ts";
export { requireLike } from "./require-like.ts";
export type { Scores, ScoresByType } from "./scores.ts";
export { shellWord } from "./shell-word.ts";
export { parseStrictJson, parseStrictJsonObject, type StrictJsonOptions } from "./strict-json.ts";
export { didYouMean, nearestNames, orDidYouMean } from "./suggest.ts";
export {
  type ChatFormat,
  type EncodedExample,
  type Example,
  isLanguageModelTask,
  type LabelHead,
  type LabelTask,
  type LanguageModelTask,
  type LoadOptions,
  type RowLikelihood,
  type Split,
  type Submission,
  type Task,
} from "./task.ts";
export type { AssembledTokens, SpecialTokens, Tokenizer } from "./tokenizer.ts";
