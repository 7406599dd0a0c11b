import {
  BLOCK,
  batchOf,
  type CacheShape,
  cacheOf,
  cacheSpecs,
  continuationFeeds,
  continuationInputs,
  createKeyValueStore,
  createNetworkRunner,
  keepKeyValues,
  type NetworkStep,
  type OpenNetwork,
  requireLanguageModel,
} from "@blora/network";
import { InvalidInputError } from "@blora/spec";
import type { Tensor } from "@blora/tensor";
import type { Runtime } from "../runtime.ts";
import { endIds } from "./end-ids.ts";

/** Reads a text part by part and says what comes next. */
export interface Reader {
  /** Tokens read so far. */
  readonly length: number;
  /** Most tokens it can read. */
  readonly limit: number;
  /** Ids that end a text of this model. */
  readonly endIds: readonly number[];
  /**
   * Logits [V] of the token after `tokens`, which go on from those read before.
   *
   * @throws InvalidInputError for no token, more than there is room for, or an id the model does not have
   */
  read(tokens: readonly number[]): Promise<Float32Array>;
}

/** @throws InvalidInputError for a network that predicts no next token */
export function createReader({ steps, tokenizer, exclusively }: Runtime, network: OpenNetwork): Reader {
  const cache = requireLanguageModel(network.architecture).cache(network.config);
  const store = createKeyValueStore(cache);
  const runner = createNetworkRunner(steps, network);
  const limit = network.maxLength;

  return {
    get length() {
      return store.length;
    },
    limit,
    endIds: endIds(tokenizer),
    read: (tokens) =>
      exclusively(async () => {
        requireTokens(tokens, limit - store.length, network.vocabularySize);
        const T = tokens.length === 1 ? 1 : Math.min(Math.ceil(tokens.length / BLOCK) * BLOCK, limit);
        const P = store.capacity;
        const outputs = await runner.run(`read ${T} after ${P}`, () => readingStep(network, cache, T, P), {
          ...continuationFeeds(tokens, T, store.length, tokenizer.special.pad),
          positions: Int32Array.of(tokens.length - 1),
          ...store.feeds(),
        });
        store.append(outputs, T, tokens.length);
        return outputs.logits!;
      }),
  };
}

/** An engine computes something of numbers that are no ids, too. */
function requireTokens(tokens: readonly number[], room: number, vocabularySize = Infinity): void {
  if (tokens.length === 0) throw new InvalidInputError("Expected tokens to read, found none.");
  if (tokens.length > room) {
    throw new InvalidInputError(
      `Expected at most ${room} tokens more, found ${tokens.length}: the model reads no more.`,
    );
  }
  const foreign = tokens.findIndex((id) => !(Number.isInteger(id) && id >= 0 && id < vocabularySize));
  if (foreign < 0) return;
  throw new InvalidInputError(
    `Expected token ids from 0, below ${vocabularySize}, the model's vocab_size, found ${tokens[foreign]} at ${foreign}.`,
  );
}

/** T tokens after P earlier ones. Outputs `logits` [1, V] at the asked position, and keys and values of the T tokens. */
function readingStep({ architecture }: OpenNetwork, cache: CacheShape, T: number, P: number): NetworkStep {
  return {
    name: `read ${T} after ${P}`,
    inputs: { ...cacheSpecs(cache, P), ...continuationInputs(T), positions: { shape: [1], dtype: "int32" } },
    compute(network, input) {
      const outputs: Record<string, Tensor> = {};
      const logits = architecture.forward({
        ...network,
        batch: batchOf(input),
        ...(P > 0 && { past: cacheOf(cache, input) }),
        onKeyValues: keepKeyValues(cache, outputs),
      });
      return { logits, ...outputs };
    },
  };
}
