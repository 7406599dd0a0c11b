import {
  continuationFeeds,
  createNetworkRunner,
  createStepCache,
  type OpenNetwork,
  requireLanguageModel,
  roundedSize,
} from "@blora/network";
import type { Engine, Feed } from "@blora/spec";
import { packFeeds, predictedTokens, readPack } from "./pack-feeds.ts";
import type { PlannedRow, SharedPlan } from "./plan.ts";
import { type PackShape, packStep, prefixStep, type Reader } from "./reading-steps.ts";

/** Told the log-likelihood of each continuation of a row as it is known. */
export type RowListener = (row: PlannedRow, continuation: number, logLikelihood: number) => void;

/** Reads planned rows with a network. Every shape of pass is compiled once. */
export interface Reading {
  /** Reads the prefix of a plan and then its packs; false from `afterPack` stops. Returns the tokens computed, padding included. */
  read(plan: SharedPlan, onRow: RowListener, afterPack: () => Promise<boolean>): Promise<number>;
  release(): Promise<void>;
}

export interface ReadingOptions {
  readonly engine: Engine;
  readonly open: OpenNetwork;
  readonly padId: number;
  /** C: continuations of a row at most. */
  readonly candidates: number;
}

// Sizes of passes start here: below, a pass costs more than its tokens.
const LEAST_PREFIX = 64;
const LEAST_LENGTH = 64;
const LEAST_POSITIONS = 8;

/** @throws InvalidInputError for an architecture that predicts no next token */
export function createReading({ engine, open, padId, candidates }: ReadingOptions): Reading {
  const { architecture, config, frozen, weights, maxLength } = open;
  const languageModel = requireLanguageModel(architecture);
  const reader: Reader = { languageModel, config, cache: languageModel.cache(config) };
  const { weight } = languageModel.unembedding(config);
  // A network that was trained whole has it among its own weights.
  const vocabularySize = (frozen.get(weight) ?? weights.head[weight])!.shape[0]!;
  const steps = createStepCache(engine);
  const runner = createNetworkRunner(steps, open);
  const sizeOf = (count: number, least: number): number => roundedSize(Math.max(count, least), least);
  const passSize = (tokens: number, least: number): number => Math.min(sizeOf(tokens, least), maxLength);

  const readPrefix = async (prefix: readonly number[], P: number): Promise<Record<string, Feed>> => {
    if (P === 0) return {};
    const feeds = continuationFeeds(prefix, P, 0, padId);
    return runner.run(`prefix ${P}`, () => prefixStep(reader, P), feeds);
  };

  const shapeOf = (rows: readonly PlannedRow[], shared: number, P: number): PackShape => ({
    past: P,
    length: passSize(
      rows.reduce((total, { ids }) => total + ids.length - shared, 0),
      LEAST_LENGTH,
    ),
    positions: sizeOf(predictedTokens(rows), LEAST_POSITIONS),
    candidates,
  });

  return {
    async read({ prefix, packs }, onRow, afterPack) {
      const P = prefix.length === 0 ? 0 : passSize(prefix.length, LEAST_PREFIX);
      const cache = await readPrefix(prefix, P);
      let tokens = P;
      for (const rows of packs) {
        const shape = shapeOf(rows, prefix.length, P);
        const feeds = { ...cache, ...packFeeds(rows, prefix.length, vocabularySize, shape, padId) };
        const key = JSON.stringify(shape);
        const { logProbabilities } = await runner.run(key, () => packStep(reader, shape), feeds);
        readPack(rows, logProbabilities!, candidates, onRow);
        tokens += shape.length;
        if (!(await afterPack())) break;
      }
      return tokens;
    },
    release: steps.release,
  };
}
