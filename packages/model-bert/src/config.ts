import { InvalidInputError } from "@blora/spec";
import { z } from "zod";

/** What `config.json` says, checked and with Hugging Face's defaults filled in. */
export interface BertConfig {
  /** V */
  readonly vocabularySize: number;
  /** H */
  readonly hiddenSize: number;
  readonly layers: number;
  /** N */
  readonly heads: number;
  /** F */
  readonly intermediateSize: number;
  readonly activation: "gelu" | "relu";
  readonly layerNormEpsilon: number;
  readonly maxPositions: number;
  /** Number of segment embeddings. */
  readonly tokenTypes: number;
  /** Standard deviation of freshly initialized weights. */
  readonly initializerRange: number;
}

// Upper bounds only stop absurd sizes before anything is allocated.
const count = (maximum: number): z.ZodInt => z.int().min(1).max(maximum);

const keys = z.object({
  model_type: z.literal("bert"),
  vocab_size: count(2 ** 22).default(30522),
  hidden_size: count(2 ** 16).default(768),
  num_hidden_layers: count(1024).default(12),
  num_attention_heads: count(1024).default(12),
  intermediate_size: count(2 ** 18).default(3072),
  hidden_act: z.enum(["gelu", "relu"]).default("gelu"),
  layer_norm_eps: z.number().positive().max(1).default(1e-12),
  max_position_embeddings: count(2 ** 20).default(512),
  type_vocab_size: count(2 ** 16).default(2),
  position_embedding_type: z.literal("absolute").default("absolute"),
  is_decoder: z.literal(false).default(false),
  add_cross_attention: z.literal(false).default(false),
  initializer_range: z.number().positive().max(10).default(0.02),
});

/**
 * Reads a `config.json` of model type `bert`.
 *
 * @throws InvalidInputError that lists every key at fault, what it must be and what was found
 */
export function parseConfig(json: unknown): BertConfig {
  const result = keys.safeParse(withoutNulls(json));
  if (!result.success)
    fail(
      result.error.issues.map(({ path, message }) => [path.join("."), message] as const),
      json,
    );
  const c = result.data;
  if (c.hidden_size % c.num_attention_heads !== 0) {
    fail([["hidden_size", `must be a multiple of num_attention_heads (${c.num_attention_heads})`]], json);
  }
  return {
    vocabularySize: c.vocab_size,
    hiddenSize: c.hidden_size,
    layers: c.num_hidden_layers,
    heads: c.num_attention_heads,
    intermediateSize: c.intermediate_size,
    activation: c.hidden_act,
    layerNormEpsilon: c.layer_norm_eps,
    maxPositions: c.max_position_embeddings,
    tokenTypes: c.type_vocab_size,
    initializerRange: c.initializer_range,
  };
}

/** Hugging Face writes null for an option left at its default. */
function withoutNulls(json: unknown): unknown {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return json;
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null));
}

function fail(problems: readonly (readonly [key: string, rule: string])[], json: unknown): never {
  const lines = problems.map(([key, rule]) => {
    const value = key === "" ? json : (json as Record<string, unknown>)[key];
    return `${key || "the document"}: ${rule}, found ${typeof value === "number" ? value : (JSON.stringify(value)?.slice(0, 80) ?? "nothing")}`;
  });
  throw new InvalidInputError(`config.json of a bert model: ${lines.join("; ")}`);
}
