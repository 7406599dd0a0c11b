import { type Feed, InvalidInputError, type KeyValueCache, type StepDefinition } from "@blora/spec";
import type { Tensor, TensorRecord } from "@blora/tensor";
import type { Attachment } from "../attachment.ts";
import type { Runtime } from "../runtime.ts";
import { BLOCK, type CacheShape, cacheNames, cacheSpecs, createKeyValueStore } from "./key-value-store.ts";

/** Reads a text part by part and says what comes next. */
export interface Reader {
  /** Tokens read so far. */
  readonly length: number;
  /** Most tokens it can read. */
  readonly limit: number;
  /** Logits [V] of the token after `tokens`, which go on from those read before. At least one, within the limit. */
  read(tokens: readonly number[]): Promise<Float32Array>;
}

/** Inference is deterministic; engines still ask which noise it would be. */
const NO_NOISE = { seed: 0, step: 0 };

/** @throws InvalidInputError for a network that predicts no next token */
export function createReader(runtime: Runtime, attachment: Attachment): Reader {
  const { network, steps, tokenizer } = runtime;
  const { architecture, config } = network;
  if (architecture.languageModel === undefined) {
    throw new InvalidInputError(
      `${network.name}: expected a causal language model, found one that predicts no next token.`,
    );
  }
  const cache = architecture.languageModel.cache(config);
  const store = createKeyValueStore(cache);
  const limit = architecture.maxLength(config);

  return {
    get length() {
      return store.length;
    },
    limit,
    read: (tokens) =>
      runtime.exclusively(async () => {
        const T = tokens.length === 1 ? 1 : Math.min(Math.ceil(tokens.length / BLOCK) * BLOCK, limit);
        const P = store.capacity;
        const key = `read ${T} after ${P} ${attachment.signature}`;
        const step = await steps.get(key, () => readingStep(network, attachment, cache, T, P));
        const feeds = { ...tokenFeeds(tokens, T, store.length, tokenizer.special.pad), ...store.feeds() };
        const { outputs } = await step.run({ ...attachment.feeds, ...feeds }, {}, NO_NOISE);
        store.append(outputs, T, tokens.length);
        return outputs.logits!;
      }),
  };
}

/** T tokens after P earlier ones. Outputs `logits` [1, V] at the asked position, and keys and values of the T tokens. */
function readingStep(
  { architecture, config }: Runtime["network"],
  { head, frozen, specs, parts }: Attachment,
  cache: CacheShape,
  T: number,
  P: number,
): StepDefinition {
  const names = cacheNames(cache);
  return {
    name: `read ${T} after ${P}`,
    mode: "eval",
    inputs: {
      ...specs,
      ...cacheSpecs(cache, P),
      inputIds: { shape: [1, T], dtype: "int32" },
      attentionMask: { shape: [1, T], dtype: "float32" },
      positionIds: { shape: [1, T], dtype: "int32" },
      positions: { shape: [1], dtype: "int32" },
    },
    trainable: {},
    frozen,
    compute(tensors) {
      const { inputIds, attentionMask, positionIds, positions } = tensors.input as Record<string, Tensor>;
      const outputs: Record<string, Tensor> = {};
      outputs.logits = architecture.forward({
        config,
        head,
        batch: { inputIds: inputIds!, attentionMask: attentionMask!, positionIds: positionIds!, positions: positions! },
        context: tensors.context,
        ...parts(tensors),
        ...(P > 0 && { past: pastOf(tensors.input, names) }),
        onKeyValues(layer, keys, values) {
          outputs[names[layer]!.keys] = keys;
          outputs[names[layer]!.values] = values;
        },
      });
      return { outputs };
    },
  };
}

function pastOf(input: TensorRecord, names: ReturnType<typeof cacheNames>): KeyValueCache {
  return {
    mask: input.pastMask!,
    layers: names.map(({ keys, values }) => ({ keys: input[keys]!, values: input[values]! })),
  };
}

/** Tokens first, padding after them: what is not asked for is not read by what is. */
function tokenFeeds(tokens: readonly number[], T: number, start: number, padId: number): Record<string, Feed> {
  const inputIds = new Int32Array(T).fill(padId);
  inputIds.set(tokens);
  return {
    inputIds,
    attentionMask: new Float32Array(T).fill(1, 0, tokens.length),
    positionIds: Int32Array.from({ length: T }, (_, t) => start + t),
    positions: Int32Array.of(tokens.length - 1),
  };
}
