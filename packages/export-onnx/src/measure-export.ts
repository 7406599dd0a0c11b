import type { Network, PlainAdapter } from "@blora/inference";
import type { Engine, Feed, FrozenTensor, StepDefinition } from "@blora/spec";
import { normalValues, randomWords, sizeOf } from "@blora/tensor";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Sizes } from "./symbolic/polynomial.ts";
import { type InputPort, sizeAt } from "./trace/ports.ts";
import { modelOf } from "./trace/trace-graph.ts";
import { collectWeights, factorNames } from "./weights.ts";

export interface MeasureOptions {
  readonly network: Network;
  readonly adapter: PlainAdapter;
  /** Computes what the export is held against: the base as it is, the update beside it. */
  readonly engine: Engine;
  /** Path of the exported graph. */
  readonly file: string;
}

export interface Measurement {
  /** Largest difference between a logit of the export and one of the adapted model. */
  readonly largestDifference: number;
  /** Largest magnitude of the adapted model's logits, to judge it by. */
  readonly largestLogit: number;
}

/** Sizes no trace was made at, for the export to prove itself. */
const SIZES: Sizes = { batch: 4, sequence: 27, past: 6 };
const SEED = 20;

/** Feeds drawn tokens to an exported graph and to the model it came from. */
export async function measureExport({ network, adapter, engine, file }: MeasureOptions): Promise<Measurement> {
  const bound = network.bind(adapter.head, adapter.headTensors);
  const weights = collectWeights(bound, adapter, false);
  const { ports, compute } = modelOf(network, adapter.head, weights, adapter.updates.keys());
  const inMemory = [...Object.keys(bound.head), ...[...adapter.updates.keys()].flatMap(namesOf)];
  const frozen = new Map<string, FrozenTensor>(bound.frozen);
  for (const name of inMemory) {
    const { shape, read } = weights.get(name)!;
    frozen.set(name, { shape, storage: "f32", source: read() });
  }
  const longest = network.architecture.maxLength(network.config);
  const sizes = { ...SIZES, sequence: Math.min(SIZES.sequence!, longest - SIZES.past!) };
  const words = Number((network.checkpoint.config as { vocab_size?: unknown }).vocab_size ?? 1);
  const feeds = ports.inputs.map((port) => [port, drawn(port, sizes, words)] as const);
  const expected = await expectedLogits(engine, feeds, sizes, frozen, compute);
  const found = await exportedLogits(file, feeds, sizes);
  let largestDifference = 0;
  let largestLogit = 0;
  expected.forEach((logit, index) => {
    largestDifference = Math.max(largestDifference, Math.abs(logit - found[index]!));
    largestLogit = Math.max(largestLogit, Math.abs(logit));
  });
  return { largestDifference, largestLogit };
}

type Feeds = readonly (readonly [InputPort, Feed])[];

async function expectedLogits(
  engine: Engine,
  feeds: Feeds,
  sizes: Sizes,
  frozen: ReadonlyMap<string, FrozenTensor>,
  compute: StepDefinition["compute"],
): Promise<Float32Array> {
  const inputs = Object.fromEntries(
    feeds.map(([port]) => [port.traced, { shape: shapeAt(port, sizes), dtype: port.as }]),
  );
  const step = await engine.compile({ name: "export", mode: "eval", inputs, trainable: {}, frozen, compute });
  const values = Object.fromEntries(feeds.map(([{ traced }, feed]) => [traced, feed]));
  const { outputs } = await step.run(values, {}, { seed: SEED, step: 0 });
  await step.release();
  return outputs.logits!;
}

async function exportedLogits(file: string, feeds: Feeds, sizes: Sizes): Promise<Float32Array> {
  const session = await InferenceSession.create(file);
  const used = feeds.filter(([{ name }]) => session.inputNames.includes(name));
  const { logits } = await session.run(
    Object.fromEntries(used.map(([port, feed]) => [port.name, toTensor(port, feed, shapeAt(port, sizes))])),
  );
  const values = Float32Array.from(logits!.data as Float32Array);
  await session.release();
  return values;
}

function toTensor({ type }: InputPort, feed: Feed, shape: readonly number[]): Tensor {
  if (type !== "int64") return new Tensor("float32", feed as Float32Array, shape);
  return new Tensor("int64", BigInt64Array.from(feed as ArrayLike<number> as number[], BigInt), shape);
}

function shapeAt({ shape }: InputPort, sizes: Sizes): number[] {
  return shape.map((dimension) => sizeAt(dimension, sizes));
}

/** Drawn tokens, none of them padding, in their places; drawn keys and values. */
function drawn(port: InputPort, sizes: Sizes, words: number): Feed {
  const size = sizeOf(shapeAt(port, sizes));
  const address = { seed: SEED, step: 0, path: port.traced };
  switch (port.traced) {
    case "inputIds":
      return Int32Array.from(randomWords(address, size), (word) => (word >>> 0) % words);
    case "positionIds":
      return Int32Array.from({ length: size }, (_, index) => sizes.past! + (index % sizes.sequence!));
    case "attentionMask":
      return new Float32Array(size).fill(1);
    case "tokenTypeIds":
      return new Int32Array(size);
    default:
      return normalValues(address, size, 1);
  }
}

function namesOf(path: string): string[] {
  return Object.values(factorNames(path));
}
