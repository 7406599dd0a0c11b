import { classesOf, parameterKit } from "@blora/layers";
import { type Head, type LinearSite, type ParameterSpec, requireHead } from "@blora/spec";
import type { DebertaV2Config } from "./config.ts";
import { spanOf } from "./relative-positions.ts";

// Names of Hugging Face's checkpoints. Axes as in deberta-v2.ts.
export const ENCODER = "deberta.encoder";
export const EMBEDDINGS = "deberta.embeddings";
export const WORDS = "deberta.embeddings.word_embeddings.weight";
/** What projects the relative embeddings, where positions use the content's projections and where they have their own. */
export const SHARED_PROJECTIONS = { c2p: "key_proj", p2c: "query_proj" } as const;
export const POSITION_PROJECTIONS = { c2p: "pos_key_proj", p2c: "pos_query_proj" } as const;

function sitesOfLayer(layer: number, { hiddenSize: H, intermediateSize: F }: DebertaV2Config): LinearSite[] {
  const site = (suffix: string, role: string, inFeatures: number, outFeatures: number): LinearSite => ({
    path: `${ENCODER}.layer.${layer}.${suffix}`,
    role,
    inFeatures,
    outFeatures,
  });
  return [
    site("attention.self.query_proj", "query", H, H),
    site("attention.self.key_proj", "key", H, H),
    site("attention.self.value_proj", "value", H, H),
    site("attention.output.dense", "attention-output", H, H),
    site("intermediate.dense", "intermediate", H, F),
    site("output.dense", "output", F, H),
  ];
}

/** The six linear maps of every layer, in forward order. */
export function sites(config: DebertaV2Config): LinearSite[] {
  return Array.from({ length: config.layers }, (_, layer) => sitesOfLayer(layer, config)).flat();
}

/** Every tensor the forward pass looks up. */
export function parameters(config: DebertaV2Config, head: Head): ParameterSpec[] {
  requireHead("debertaV2", head, "classification", "regression", "token-classification", "masked-language-model");
  const { hiddenSize: H, embeddingSize: E, vocabularySize: V, relative, convolution } = config;
  const kit = parameterKit(config.initializerRange, (name) => !name.startsWith("deberta."));
  const layer = (index: number) => {
    const path = `${ENCODER}.layer.${index}`;
    const position = relative?.shared === false ? config.positionTerms : [];
    return [
      ...sitesOfLayer(index, config).flatMap((site) => kit.dense(site.path, site.inFeatures, site.outFeatures)),
      ...position.flatMap((term) => kit.dense(`${path}.attention.self.${POSITION_PROJECTIONS[term]}`, H, H)),
      ...kit.norm(`${path}.attention.output.LayerNorm`, H),
      ...kit.norm(`${path}.output.LayerNorm`, H),
    ];
  };
  return [
    kit.drawn(WORDS, [V, E]),
    ...(config.absolutePositions
      ? [kit.drawn(`${EMBEDDINGS}.position_embeddings.weight`, [config.maxPositions, E])]
      : []),
    ...(config.tokenTypes > 0 ? [kit.drawn(`${EMBEDDINGS}.token_type_embeddings.weight`, [config.tokenTypes, E])] : []),
    ...(E === H ? [] : [kit.drawn(`${EMBEDDINGS}.embed_proj.weight`, [H, E])]),
    ...kit.norm(`${EMBEDDINGS}.LayerNorm`, H),
    ...(relative === undefined ? [] : [kit.drawn(`${ENCODER}.rel_embeddings.weight`, [2 * spanOf(relative), H])]),
    ...(relative?.normalized ? kit.norm(`${ENCODER}.LayerNorm`, H) : []),
    ...(convolution === undefined
      ? []
      : [
          kit.drawn(`${ENCODER}.conv.conv.weight`, [H, H, convolution.kernelSize]),
          kit.zeros(`${ENCODER}.conv.conv.bias`, [H]),
          ...kit.norm(`${ENCODER}.conv.LayerNorm`, H),
        ]),
    ...Array.from({ length: config.layers }, (_, index) => layer(index)).flat(),
    ...(head.kind === "masked-language-model"
      ? [
          ...kit.dense("cls.predictions.transform.dense", H, E),
          ...kit.norm("cls.predictions.transform.LayerNorm", E),
          kit.zeros("cls.predictions.bias", [V]),
        ]
      : [
          ...(head.kind === "token-classification" ? [] : kit.dense("pooler.dense", H, H)),
          ...kit.dense("classifier", H, classesOf("debertaV2", head)),
        ]),
  ];
}

/**
 * Other names of a tensor: without the `deberta.` prefix, the head of
 * Microsoft's own checkpoints, and TensorFlow's names for layer norms.
 */
export function aliases(name: string): string[] {
  const names = [
    ...(name.startsWith("deberta.") ? [name.slice("deberta.".length)] : []),
    ...(name === "cls.predictions.bias" ? ["cls.predictions.decoder.bias"] : []),
    ...(name.startsWith("cls.") ? [name.replace(/^cls\.predictions\.(transform\.)?/, "lm_predictions.lm_head.")] : []),
  ];
  const older = (other: string): string =>
    other.replace(/LayerNorm\.weight$/, "LayerNorm.gamma").replace(/LayerNorm\.bias$/, "LayerNorm.beta");
  return [...names, ...[name, ...names].map(older).filter((other) => /\.(gamma|beta)$/.test(other))];
}
