export type { AdaptedModel } from "./adapted-model.ts";
export type { Classification } from "./classification.ts";
export { endIds } from "./generate/end-ids.ts";
export { type GenerateOptions, type GenerationEnd, generateText, generateTokens } from "./generate/generate.ts";
export type { Reader } from "./generate/reader.ts";
export { chooseToken, type Sampling } from "./generate/sampling.ts";
export { createTextStream, type TextStream } from "./generate/text-stream.ts";
export { type LoadAdapterOptions, loadAdapter } from "./load-adapter.ts";
export {
  type AdapterOptions,
  createLoadedModel,
  type LoadedModel,
  type LoadModelOptions,
  loadModel,
} from "./load-model.ts";
export type { TextInput } from "./logits.ts";
export type { Aggregation, TaggedSpan } from "./words/find-entities.ts";
export { type Span, type WordsInput, wordsOf } from "./words/read-words.ts";
export type { TagOptions } from "./words/tag-words.ts";
