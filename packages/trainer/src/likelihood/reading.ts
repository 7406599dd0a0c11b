import { type Engine, type Feed, InvalidInputError } from "@blora/spec";
import type { OpenNetwork } from "../open-network.ts";
import { type CompiledNetworkStep, compileNetworkStep, type NetworkStep } from "../steps/network-step.ts";
import { packFeeds, predictedTokens, prefixFeeds, readPack } from "./pack-feeds.ts";
import { type PlannedRow, type SharedPlan, sizeFor } from "./plan.ts";
import { keysName, type PackShape, packStep, prefixStep, type Reader, valuesName } from "./reading-steps.ts";

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
  const { network, snapshot } = open;
  const { languageModel } = network.architecture;
  if (languageModel === undefined) {
    throw new InvalidInputError(
      `Likelihoods need a causal language model, found a network of type ${network.architecture.modelTypes.join(", ")}, which predicts no next token.`,
    );
  }
  const reader: Reader = { languageModel, config: network.config };
  const { weight } = languageModel.unembedding(network.config);
  const vocabularySize = network.frozen.get(weight)!.shape[0]!;
  const steps = new Map<string, CompiledNetworkStep>();
  const passSize = (tokens: number, least: number): number => Math.min(sizeFor(tokens, least), network.maxLength);

  const compiled = async (step: NetworkStep, key: string): Promise<CompiledNetworkStep> => {
    const known = steps.get(key);
    if (known !== undefined) return known;
    const made = await compileNetworkStep(engine, network, snapshot, step);
    steps.set(key, made);
    return made;
  };

  const readPrefix = async (prefix: readonly number[], P: number): Promise<Record<string, Feed>> => {
    if (P === 0) return {};
    const step = await compiled(prefixStep(reader, P), `prefix ${P}`);
    const outputs = await step.run(prefixFeeds(prefix, P, padId));
    const { layers } = languageModel.cache(network.config);
    const names = Array.from({ length: layers }, (_, layer) => [keysName(layer), valuesName(layer)]).flat();
    return Object.fromEntries(names.map((name) => [name, outputs[name]!]));
  };

  const shapeOf = (rows: readonly PlannedRow[], shared: number, P: number): PackShape => ({
    past: P,
    length: passSize(
      rows.reduce((total, { ids }) => total + ids.length - shared, 0),
      LEAST_LENGTH,
    ),
    positions: sizeFor(predictedTokens(rows), LEAST_POSITIONS),
    candidates,
  });

  return {
    async read({ prefix, packs }, onRow, afterPack) {
      const P = prefix.length === 0 ? 0 : passSize(prefix.length, LEAST_PREFIX);
      const cache = await readPrefix(prefix, P);
      let tokens = P;
      for (const rows of packs) {
        const shape = shapeOf(rows, prefix.length, P);
        const step = await compiled(packStep(reader, shape), JSON.stringify(shape));
        const feeds = packFeeds(rows, prefix.length, vocabularySize, shape, padId);
        const { logProbabilities } = await step.run({ ...cache, ...feeds });
        readPack(rows, logProbabilities!, candidates, onRow);
        tokens += shape.length;
        if (!(await afterPack())) break;
      }
      return tokens;
    },
    async release() {
      for (const step of steps.values()) await step.release();
      steps.clear();
    },
  };
}
