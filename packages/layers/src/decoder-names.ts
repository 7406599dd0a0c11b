import { type Head, type LinearSite, type ParameterSpec, requireHead } from "@blora/spec";
import { classesOf } from "./classifier.ts";
import type { DecoderConfig } from "./decoder-config.ts";
import { type ParameterKit, parameterKit } from "./parameter-kit.ts";

// Names of Hugging Face's checkpoints.
export const EMBEDDING = "model.embed_tokens.weight";
export const OUTPUT = "lm_head";
/** The linear map of a head that labels texts or tokens. */
export const SCORE = "score";
export const layerPath = (index: number): string => `model.layers.${index}`;

/** @throws InvalidInputError naming the family, for a head it has not */
export function requireDecoderHead(family: string, head: Head): void {
  requireHead(family, head, "language-model", "classification", "regression", "token-classification");
}

/** A linear map of a layer, by its path in it. */
export type LayerSite = readonly [path: string, role: string, inFeatures: number, outFeatures: number];

/** The linear maps of all layers, in forward order. */
export function sitesOfLayers(layers: number, maps: readonly LayerSite[]): LinearSite[] {
  return Array.from({ length: layers }, (_, index) => sitesOfLayer(index, maps)).flat();
}

function sitesOfLayer(index: number, maps: readonly LayerSite[]): LinearSite[] {
  return maps.map(([path, role, inFeatures, outFeatures]) => {
    return { path: `${layerPath(index)}.${path}`, role, inFeatures, outFeatures };
  });
}

/** What a family has beside the embedding and a classifier. */
export interface DecoderParameters {
  layer(kit: ParameterKit, path: string): ParameterSpec[];
  /** The norm after the last layer. */
  norm(kit: ParameterKit): ParameterSpec[];
  /** What turns states into logits of the next token; none where the embedding does. */
  output(kit: ParameterKit): ParameterSpec[];
}

/**
 * Every tensor a decoder looks up. A classifier has no output layer of the language model, but `score`, which has a
 * bias for tokens alone.
 *
 * @throws InvalidInputError naming the family, for a head it has not
 */
export function decoderParameters(
  family: string,
  config: DecoderConfig,
  head: Head,
  { layer, norm, output }: DecoderParameters,
): ParameterSpec[] {
  requireDecoderHead(family, head);
  const { hiddenSize: H, vocabularySize: V, layers } = config;
  const kit = parameterKit(config.initializerRange, (name) => name.startsWith(`${SCORE}.`));
  return [
    kit.drawn(EMBEDDING, [V, H]),
    ...Array.from({ length: layers }, (_, index) => layer(kit, layerPath(index))).flat(),
    ...norm(kit),
    ...(head.kind === "language-model"
      ? output(kit)
      : kit.dense(SCORE, H, classesOf(family, head), head.kind === "token-classification")),
  ];
}
