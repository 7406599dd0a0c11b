export {
  type ClassifierOptions,
  classesOf,
  classifierOptions,
  classifyTokens,
  dropout,
  firstTokens,
} from "./classifier.ts";
export { type DecoderFamily, type DecoderPass, decoder, selfAttention } from "./decoder.ts";
export {
  count,
  type DecoderConfig,
  type DecoderKeys,
  decoderKeys,
  decoderRules,
  decoderSizes,
  rotaryBase,
  unscaled,
} from "./decoder-config.ts";
export {
  type DecoderParameters,
  decoderParameters,
  EMBEDDING,
  type LayerSite,
  layerPath,
  OUTPUT,
  sitesOfLayers,
} from "./decoder-names.ts";
export { type EncoderConfig, encode, encoderNorm, encoderParameters, encoderSites } from "./encoder.ts";
export {
  type GatedDecoderConfig,
  gatedDecoderKeys,
  gatedDecoderRules,
  gatedDecoderSizes,
  gatedFeedForward,
  gatedLayerSites,
} from "./gated-decoder.ts";
export { lastTokens } from "./last-tokens.ts";
export { type ParameterKit, parameterKit } from "./parameter-kit.ts";
