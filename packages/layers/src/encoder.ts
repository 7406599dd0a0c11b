import type { ForwardInputs, LinearSite, ParameterSpec } from "@blora/spec";
import { gelu, layerNorm, ops, softmax, type Tensor } from "@blora/tensor";
import type { ParameterKit } from "./parameter-kit.ts";

/*
 * Axes: B batch, T tokens, M = B·T rows, H hidden, N heads, D head size, F intermediate.
 * Hidden states are [M, H] throughout.
 */

/** What `config.json` says of encoders in BERT's manner: absolute positions, each sum normalized afterwards. */
export interface EncoderConfig {
  /** H */
  readonly hiddenSize: number;
  readonly layers: number;
  /** N */
  readonly heads: number;
  /** F */
  readonly intermediateSize: number;
  readonly activation: "gelu" | "relu";
  readonly layerNormEpsilon: number;
}

type Inputs = ForwardInputs<EncoderConfig>;

const MASKED_SCORE = -1e9;
const activations = { gelu, relu: ops.relu } as const;

/** Layer norm of x [M, H] by the tensors at a path. */
export function encoderNorm({ config, lookup }: Inputs, path: string, x: Tensor): Tensor {
  return layerNorm(x, lookup(`${path}.weight`), lookup(`${path}.bias`), config.layerNormEpsilon);
}

/** Scaled dot-product self-attention over x [M, H]. */
function attend({ config, linear, batch }: Inputs, path: string, x: Tensor): Tensor {
  const [B, T] = batch.inputIds.shape as [number, number];
  const { heads: N, hiddenSize: H } = config;
  const D = H / N;
  const project = (name: string): Tensor =>
    ops.transpose(ops.reshape(linear(`${path}.${name}`, x), [B, T, N, D]), [0, 2, 1, 3]); // [B, N, T, D]
  const query = ops.mul(project("query"), 1 / Math.sqrt(D));
  const keyBias = ops.mul(ops.sub(1, ops.reshape(batch.attentionMask, [B, 1, 1, T])), MASKED_SCORE);
  const scores = ops.add(ops.matMul(query, project("key"), false, true), keyBias); // [B, N, T, T]
  const mixed = ops.matMul(softmax(scores), project("value"));
  return ops.reshape(ops.transpose(mixed, [0, 2, 1, 3]), [B * T, H]);
}

/** Attention, then the feed-forward part, each added to its input and normalized afterwards. */
function block(inputs: Inputs, path: string, x: Tensor): Tensor {
  const { linear, config } = inputs;
  const attended = linear(`${path}.attention.output.dense`, attend(inputs, `${path}.attention.self`, x));
  const y = encoderNorm(inputs, `${path}.attention.output.LayerNorm`, ops.add(attended, x));
  const widened = activations[config.activation](linear(`${path}.intermediate.dense`, y)); // [M, F]
  return encoderNorm(inputs, `${path}.output.LayerNorm`, ops.add(linear(`${path}.output.dense`, widened), y));
}

/** All layers (Devlin et al., 2019) below a path of the checkpoint, such as `bert.encoder.layer`: [M, H] to [M, H]. */
export function encode(inputs: Inputs, path: string, x: Tensor): Tensor {
  let y = x;
  for (let index = 0; index < inputs.config.layers; index++) y = block(inputs, `${path}.${index}`, y);
  return y;
}

/** The linear maps of all layers, in forward order. */
export function encoderSites(path: string, config: EncoderConfig): LinearSite[] {
  return Array.from({ length: config.layers }, (_, index) => sitesOfLayer(`${path}.${index}`, config)).flat();
}

function sitesOfLayer(path: string, { hiddenSize: H, intermediateSize: F }: EncoderConfig): LinearSite[] {
  const site = (suffix: string, role: string, inFeatures: number, outFeatures: number): LinearSite => {
    return { path: `${path}.${suffix}`, role, inFeatures, outFeatures };
  };
  return [
    site("attention.self.query", "query", H, H),
    site("attention.self.key", "key", H, H),
    site("attention.self.value", "value", H, H),
    site("attention.output.dense", "attention-output", H, H),
    site("intermediate.dense", "intermediate", H, F),
    site("output.dense", "output", F, H),
  ];
}

/** The tensors of all layers. */
export function encoderParameters(kit: ParameterKit, path: string, config: EncoderConfig): ParameterSpec[] {
  return Array.from({ length: config.layers }, (_, index) => `${path}.${index}`).flatMap((layer) => [
    ...sitesOfLayer(layer, config).flatMap((site) => kit.dense(site.path, site.inFeatures, site.outFeatures)),
    ...kit.norm(`${layer}.attention.output.LayerNorm`, config.hiddenSize),
    ...kit.norm(`${layer}.output.LayerNorm`, config.hiddenSize),
  ]);
}
