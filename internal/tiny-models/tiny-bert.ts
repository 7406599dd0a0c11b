import { readFileSync } from "node:fs";
import { type Filled, layerNorm, linear, writeModel } from "./write-model.ts";

const HIDDEN = 24;
const INNER = 40;
const LAYERS = 2;
const POSITIONS = 40;
const VOCABULARY = 112;

const wordPiece = (name: string): string =>
  readFileSync(new URL(`../../fixtures/wordpiece/${name}`, import.meta.url), "utf8");

export interface TinyBert {
  /** Labels of a classification head; none where it is left out. */
  readonly labels?: number;
  /** `vocab.txt` instead of `tokenizer.json`. */
  readonly vocabularyFile?: boolean;
  readonly seed?: number;
  /** Written over the files made here, or beside them. */
  readonly files?: Readonly<Record<string, unknown>>;
  /** Tensors written over those made here. */
  readonly tensors?: Readonly<Record<string, Filled>>;
}

function layer(prefix: string): Record<string, Filled> {
  return {
    ...linear(`${prefix}.attention.self.query`, HIDDEN, HIDDEN),
    ...linear(`${prefix}.attention.self.key`, HIDDEN, HIDDEN),
    ...linear(`${prefix}.attention.self.value`, HIDDEN, HIDDEN),
    ...linear(`${prefix}.attention.output.dense`, HIDDEN, HIDDEN),
    ...layerNorm(`${prefix}.attention.output.LayerNorm`, HIDDEN),
    ...linear(`${prefix}.intermediate.dense`, INNER, HIDDEN),
    ...linear(`${prefix}.output.dense`, HIDDEN, INNER),
    ...layerNorm(`${prefix}.output.LayerNorm`, HIDDEN),
  };
}

function vocabularyText(): string {
  const { vocab } = (JSON.parse(wordPiece("tokenizer.json")) as { model: { vocab: Record<string, number> } }).model;
  const words = Object.entries(vocab).sort(([, a], [, b]) => a - b);
  return `${words.map(([word]) => word).join("\n")}\n`;
}

const configOf = (labels: number | undefined): unknown => ({
  architectures: [labels === undefined ? "BertForMaskedLM" : "BertForSequenceClassification"],
  model_type: "bert",
  hidden_act: "gelu",
  hidden_size: HIDDEN,
  intermediate_size: INNER,
  num_hidden_layers: LAYERS,
  num_attention_heads: 3,
  max_position_embeddings: POSITIONS,
  type_vocab_size: 2,
  vocab_size: VOCABULARY,
  layer_norm_eps: 1e-12,
  hidden_dropout_prob: 0,
  attention_probs_dropout_prob: 0,
  initializer_range: 0.02,
  pad_token_id: 0,
  ...(labels !== undefined && {
    id2label: Object.fromEntries(Array.from({ length: labels }, (_, label) => [label, `LABEL_${label}`])),
  }),
});

/** A BERT of two layers and 40 positions with the fixtures' lower-casing WordPiece tokenizer, written as a Hugging Face folder. */
export function writeTinyBert(folder: string, options: TinyBert = {}): void {
  const { labels, vocabularyFile = false, seed = 1 } = options;
  const files = {
    "tokenizer_config.json": wordPiece("tokenizer_config.json"),
    ...(vocabularyFile ? { "vocab.txt": vocabularyText() } : { "tokenizer.json": wordPiece("tokenizer.json") }),
    "config.json": configOf(labels),
    ...options.files,
  };
  const tensors: Record<string, Filled> = {
    "bert.embeddings.word_embeddings.weight": ["random", VOCABULARY, HIDDEN],
    "bert.embeddings.position_embeddings.weight": ["random", POSITIONS, HIDDEN],
    "bert.embeddings.token_type_embeddings.weight": ["random", 2, HIDDEN],
    ...layerNorm("bert.embeddings.LayerNorm", HIDDEN),
    ...layer("bert.encoder.layer.0"),
    ...layer("bert.encoder.layer.1"),
    ...linear("bert.pooler.dense", HIDDEN, HIDDEN),
    ...(labels !== undefined && linear("classifier", labels, HIDDEN)),
    ...options.tensors,
  };
  writeModel(folder, { files, tensors, seed });
}
