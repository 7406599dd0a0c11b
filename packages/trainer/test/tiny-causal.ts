import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Architecture, Batch, ForwardInputs, KeyValueCache } from "@blora/spec";
import { normalValues, ops, softmax, type Tensor } from "@blora/tensor";
import { type Checkpoint, openCheckpoint, writeSafetensors } from "@blora/weights";
import { V } from "./tiny-problem.ts";

/** Hidden size, which is the size of the one head; layers; and longest text. */
const H = 6;
const LAYERS = 2;
const POSITIONS = 24;
const SHAPES: Readonly<Record<string, readonly number[]>> = {
  "embedding.weight": [V, H],
  "position.weight": [POSITIONS, H],
  ...Object.fromEntries(
    Array.from({ length: LAYERS }, (_, layer) =>
      ["query", "key", "value", "output"].map((role) => [`layer.${layer}.${role}.weight`, [H, H]]),
    ).flat(),
  ),
};

const sites = Object.keys(SHAPES)
  .filter((name) => name.startsWith("layer."))
  .map((name) => {
    const path = name.slice(0, -".weight".length);
    return { path, role: path.split(".")[2]!, inFeatures: H, outFeatures: H };
  });

/** Token and learned position embeddings, two layers of attention with one head, tied output. */
export const causalArchitecture: Architecture = {
  modelTypes: ["tiny-causal"],
  defaultTargets: ["query", "value"],
  parseConfig: (json) => json,
  maxLength: () => POSITIONS,
  sites: () => sites,
  parameters: () =>
    Object.entries(SHAPES).map(([name, shape]) => ({ name, shape, role: "base", init: { kind: "zeros" } })),
  languageModel: {
    hidden,
    unembedding: () => ({ weight: "embedding.weight" }),
    cache: () => ({ layers: LAYERS, heads: 1, headSize: H }),
  },
  forward(inputs) {
    const states = ops.gather(hidden(inputs), inputs.batch.positions!); // [P, H]
    return ops.matMul(states, inputs.lookup("embedding.weight"), false, true);
  },
};

function hidden({ batch, lookup, linear, past, onKeyValues }: ForwardInputs<unknown>): Tensor {
  const [B, T] = batch.inputIds.shape as [number, number];
  const flat = (ids: Tensor) => ops.reshape(ids, [B * T]);
  const positions = batch.positionIds === undefined ? rowsOf(B, T) : flat(batch.positionIds);
  const visible = visibility(batch, past);
  let states = ops.add(
    ops.gather(lookup("embedding.weight"), flat(batch.inputIds)),
    ops.gather(lookup("position.weight"), positions),
  ); // [M, H]
  for (let layer = 0; layer < LAYERS; layer++) {
    const project = (role: string) => ops.reshape(linear(`layer.${layer}.${role}`, states), [B, T, H]);
    const [keys, values] = [project("key"), project("value")];
    onKeyValues?.(layer, ops.expandDims(keys, 1), ops.expandDims(values, 1));
    const before = past?.layers[layer];
    const scores = ops.matMul(project("query"), withPast(keys, before?.keys, B), false, true); // [B, T, P + T]
    const weights = softmax(ops.add(scores, ops.mul(ops.sub(visible, 1), 1e9)));
    const mixed = ops.reshape(ops.matMul(weights, withPast(values, before?.values, B)), [B * T, H]);
    states = ops.add(states, ops.tanh(linear(`layer.${layer}.output`, mixed)));
  }
  return states;
}

/** 1 where a token may look: [B, T, P + T]. */
function visibility({ attentionMask, segmentIds }: Batch, past: KeyValueCache | undefined): Tensor {
  const [B, T] = attentionMask.shape as [number, number];
  const causal = ops.tensor(
    Array.from({ length: T * T }, (_, index) => (index % T <= Math.floor(index / T) ? 1 : 0)),
    [1, T, T],
  );
  const own = ops.mul(causal, ops.expandDims(attentionMask, 1));
  const alone =
    segmentIds === undefined
      ? own
      : ops.mul(own, ops.cast(ops.equal(ops.expandDims(segmentIds, 2), ops.expandDims(segmentIds, 1)), "float32"));
  if (past === undefined) return alone;
  const P = past.mask.shape[1]!;
  return ops.concat([ops.mul(ops.ones([B, T, P]), ops.expandDims(past.mask, 1)), alone], 2);
}

/** [B, P + T, H] */
function withPast(own: Tensor, past: Tensor | undefined, B: number): Tensor {
  if (past === undefined) return own;
  const [, , P] = past.shape as [number, number, number];
  return ops.concat([ops.mul(ops.ones([B, P, H]), ops.reshape(past, [past.shape[0]!, P, H])), own], 1);
}

function rowsOf(B: number, T: number): Tensor {
  return ops.tensor(
    Array.from({ length: B * T }, (_, index) => index % T),
    [B * T],
    "int32",
  );
}

/** The tiny language model as a model folder. */
export function writeCausalCheckpoint(folder: string): Checkpoint {
  const tensors = Object.entries(SHAPES).map(([name, shape]) => {
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    return [name, { shape, values: normalValues({ seed: 5, step: 0, path: name }, size, 0.6) }] as const;
  });
  mkdirSync(folder, { recursive: true });
  writeSafetensors(join(folder, "model.safetensors"), new Map(tensors));
  writeFileSync(join(folder, "config.json"), JSON.stringify({ model_type: "tiny-causal", vocab_size: V }));
  return openCheckpoint(folder);
}
