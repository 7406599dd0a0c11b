import { compileNetworkStep, type NetworkStep, type OpenNetwork, requireFinite } from "@blora/network";
import type { Engine, Feed } from "@blora/spec";
import { normalValues, randomWords, type Shape, sizeOf, type TensorSpec } from "@blora/tensor";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Sizes } from "./symbolic/polynomial.ts";
import { type InputPort, sizeAt } from "./trace/ports.ts";
import { modelOf } from "./trace/trace-graph.ts";

export interface MeasureOptions {
  /** What the export is held against, such as the adapter in the form that its published score was made with. */
  readonly network: OpenNetwork;
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

/**
 * Feeds drawn tokens to an exported graph and to an open network.
 *
 * @throws NumericalError where a logit of either is not finite
 */
export async function measureExport({ network, engine, file }: MeasureOptions): Promise<Measurement> {
  const weights = new Map<string, { readonly shape: Shape }>([
    ...network.frozen,
    ...Object.entries(network.weights.head),
  ]);
  const { ports, compute } = modelOf(network, weights);
  const sizes = { ...SIZES, sequence: Math.min(SIZES.sequence!, network.maxLength - SIZES.past!) };
  const words = network.vocabularySize ?? 1;
  const feeds = ports.inputs.map((port) => [port, drawn(port, sizes, words)] as const);
  const expected = await expectedLogits(engine, network, feeds, sizes, compute);
  const found = await exportedLogits(file, feeds, sizes);
  requireFinite(found, (value, index) => `${file}: expected finite logits, found ${value} at entry ${index}.`);
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
  network: OpenNetwork,
  feeds: Feeds,
  sizes: Sizes,
  compute: NetworkStep["compute"],
): Promise<Float32Array> {
  const inputs = Object.fromEntries(
    feeds.map(([port]): [string, TensorSpec] => [port.traced, { shape: shapeAt(port, sizes), dtype: port.as }]),
  );
  const step = await compileNetworkStep(engine, network, { name: "export", inputs, compute });
  const { logits } = await step.run(Object.fromEntries(feeds.map(([{ traced }, feed]) => [traced, feed])));
  await step.release();
  return logits!;
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
