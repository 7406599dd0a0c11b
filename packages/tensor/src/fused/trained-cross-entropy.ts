import {
  add,
  concat,
  exp,
  expandDims,
  matMul,
  mul,
  slice,
  sub,
  sum,
  type Tensor1D,
  unsortedSegmentSum,
} from "@tensorflow/tfjs-core";
import { withGradient } from "../autodiff.ts";
import type { Tensor } from "../types.ts";
import { after } from "./after.ts";
import { chunkedLosses, DEFAULT_CHUNK } from "./linear-cross-entropy.ts";

/**
 * `linearCrossEntropy` with W and b trained: differentiable by x, W and b. Logits of `chunk` rows of W are computed once
 * more for the gradient, so that all of them are there at no time.
 *
 * @param x [P, H]
 * @param weight [V, H]
 * @param bias [V]
 * @param targets int32 [P]
 * @returns [P]
 */
export function trainedCrossEntropy(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  targets: Tensor,
  chunk: number = DEFAULT_CHUNK,
): Tensor {
  const gradient = (dy: Tensor, slope: Tensor, logTotal: Tensor): [dx: Tensor, dW: Tensor, db: Tensor] => {
    const dyColumn = expandDims(dy, 1); // [P, 1]
    const V = weight.shape[0]!;
    const { dW, db } = expectedGradients({ x, weight, bias, chunk }, dyColumn, logTotal);
    // softmax - 1 at the target
    return [
      mul(dyColumn, slope),
      sub(dW, unsortedSegmentSum(mul(dyColumn, x), targets as Tensor1D, V)),
      sub(db, unsortedSegmentSum(dy, targets as Tensor1D, V)),
    ];
  };
  if (bias === undefined)
    return withGradient((x: Tensor, weight: Tensor) => {
      const { losses, slope, logTotal } = chunkedLosses(x, weight, undefined, targets, chunk);
      return {
        value: losses,
        saved: [slope, logTotal],
        gradient: (dy, [slope, logTotal]) => gradient(dy, slope!, logTotal!).slice(0, 2),
      };
    })(x, weight);
  return withGradient((x: Tensor, weight: Tensor, bias: Tensor) => {
    const { losses, slope, logTotal } = chunkedLosses(x, weight, bias, targets, chunk);
    return {
      value: losses,
      saved: [slope, logTotal],
      gradient: (dy, [slope, logTotal]) => gradient(dy, slope!, logTotal!),
    };
  })(x, weight, bias);
}

interface Product {
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor | undefined;
  readonly chunk: number;
}

/** Σ dy·softmax by the rows of W, times x [V, H] and alone [V]. */
function expectedGradients({ x, weight, bias, chunk }: Product, dyColumn: Tensor, logTotal: Tensor) {
  const [V, H] = weight.shape as [number, number];
  const dW: Tensor[] = [];
  const db: Tensor[] = [];
  for (let start = 0; start < V; start += chunk) {
    const rows = Math.min(chunk, V - start);
    // One chunk after the other, as the losses are.
    const states = dW.length === 0 ? x : after(x, [dW.at(-1)!]);
    const product = matMul(states, slice(weight, [start, 0], [rows, H]), false, true); // [P, rows]
    const logits = bias === undefined ? product : add(product, slice(bias, [start], [rows]));
    const shares = mul(exp(sub(logits, logTotal)), dyColumn); // [P, rows]
    dW.push(matMul(shares, x, true, false));
    db.push(sum(shares, 0));
  }
  return { dW: concat(dW, 0), db: concat(db, 0) };
}
