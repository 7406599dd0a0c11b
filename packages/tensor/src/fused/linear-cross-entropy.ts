import {
  add,
  div,
  exp,
  expandDims,
  gather,
  log,
  matMul,
  max,
  maximum,
  mul,
  slice,
  squeeze,
  sub,
  sum,
} from "@tensorflow/tfjs-core";
import { withGradient } from "../autodiff.ts";
import type { Tensor } from "../types.ts";
import { after } from "./after.ts";

/** Softmax sums of the vocabulary rows seen so far, relative to the largest logit. */
interface RunningSoftmax {
  /** [P, 1] */
  readonly largest: Tensor;
  /** Σ exp(logit - largest), [P, 1] */
  readonly total: Tensor;
  /** Σ exp(logit - largest)·W, [P, H] */
  readonly weighted: Tensor;
}

/** Rows of W taken at a time: 4 MiB of logits for 128 positions. */
export const DEFAULT_CHUNK = 8192;

/**
 * Cross entropy of softmax(x·Wᵀ + b) at one target a row, in nats, with W and
 * b held fixed.
 *
 * W is taken `chunk` rows at a time, with the running maximum of online
 * softmax (Milakov and Gimelshein, 2018): logits exist as [P, chunk], never as
 * [P, V]. The gradient by x, softmax·W - W[target], is formed on the way, so
 * that no logit is computed twice; what needs no gradient is never run by
 * engines that compile.
 *
 * @param x [P, H]
 * @param weight [V, H]
 * @param bias [V]
 * @param targets int32 [P]
 * @returns [P]
 */
export function linearCrossEntropy(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  targets: Tensor,
  chunk: number = DEFAULT_CHUNK,
): Tensor {
  return withGradient((x: Tensor) => {
    const { losses, slope } = chunkedLosses(x, weight, bias, targets, chunk);
    return { value: losses, saved: [slope], gradient: (dy, [slope]) => [mul(expandDims(dy, 1), slope!)] };
  })(x);
}

interface ChunkedLosses {
  /** [P] */
  readonly losses: Tensor;
  /** Of each loss by its x: softmax·W - W[target], [P, H] */
  readonly slope: Tensor;
  /** ln Σ exp(logit), [P, 1] */
  readonly logTotal: Tensor;
}

/** What `linearCrossEntropy` computes, without a gradient of its own. */
export function chunkedLosses(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  targets: Tensor,
  chunk: number,
): ChunkedLosses {
  const { largest, total, weighted } = runningSoftmax(x, weight, bias, chunk);
  const targetRows = gather(weight, targets); // [P, H]
  const product = sum(mul(x, targetRows), 1); // [P]
  const targetLogits = bias === undefined ? product : add(product, gather(bias, targets));
  const logTotal = add(largest, log(total));
  return {
    losses: sub(squeeze(logTotal, [1]), targetLogits),
    slope: sub(div(weighted, total), targetRows),
    logTotal,
  };
}

function runningSoftmax(x: Tensor, weight: Tensor, bias: Tensor | undefined, chunk: number): RunningSoftmax {
  const [V, H] = weight.shape as [number, number];
  let running: RunningSoftmax | undefined;
  for (let start = 0; start < V; start += chunk) {
    const rows = Math.min(chunk, V - start);
    const part = slice(weight, [start, 0], [rows, H]);
    // One chunk after the other, so that the logits of one are gone before those of the next are there.
    const states = running === undefined ? x : after(x, Object.values(running));
    const product = matMul(states, part, false, true); // [P, rows]
    const logits = bias === undefined ? product : add(product, slice(bias, [start], [rows]));
    running = include(running, logits, part);
  }
  return running!;
}

function include(running: RunningSoftmax | undefined, logits: Tensor, part: Tensor): RunningSoftmax {
  const own = max(logits, 1, true); // [P, 1]
  const largest = running === undefined ? own : maximum(running.largest, own);
  const exponentials = exp(sub(logits, largest)); // [P, rows]
  const total = sum(exponentials, 1, true);
  const weighted = matMul(exponentials, part); // [P, H]
  if (running === undefined) return { largest, total, weighted };
  const shrink = exp(sub(running.largest, largest)); // [P, 1]
  return {
    largest,
    total: add(mul(running.total, shrink), total),
    weighted: add(mul(running.weighted, shrink), weighted),
  };
}
