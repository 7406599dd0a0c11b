import { sizeOf } from "@blora/tensor";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { GraphValue } from "../../graph/graph.ts";
import type { TracingBackend } from "../backend.ts";
import { kernel, type TracedKernel } from "../kernel.ts";
import { matmulKernels } from "./matmul.ts";
import { gemm, withUpdate } from "./whole-numbers.ts";

/** Elements cast at a time: a vocabulary is multiplied by in parts, any other matrix whole. */
const MOST_CAST = 2 ** 25;

/**
 * Products with frozen matrices that keep nothing of their size: W is not added to its update, and what is stored in half
 * precision is cast for one product and freed after it.
 */
export const frozenKernels: Readonly<Record<string, TracedKernel>> = {
  /** x·Wᵀ + h·Bᵀ + b, x [M, I], W [O, I], h [M, R], B [O, R]. */
  FrozenProduct: kernel<{ x: TensorInfo; weight: TensorInfo; bias?: TensorInfo; h?: TensorInfo; B?: TensorInfo }>(
    ({ x, weight, bias, h, B }, _, backend) => {
      if (h !== undefined && B !== undefined) return withUpdate(backend, product(backend, x, weight, true), h, B, bias);
      return productWithBias(backend, x, weight, bias);
    },
  ),
  /** dy·W + g·A, dy [M, O], W [O, I], g [M, R], A [R, I]. */
  FrozenProductGradient: kernel<{ dy: TensorInfo; weight: TensorInfo; g?: TensorInfo; A?: TensorInfo }>(
    ({ dy, weight, g, A }, _, backend) => {
      const whole = product(backend, dy, weight, false);
      return g === undefined || A === undefined ? whole : gemm(backend, g, A, whole, false);
    },
  ),
};

/** x·Wᵀ + b, of a large W in half precision one part of its rows after the other. */
function productWithBias(
  backend: TracingBackend,
  x: TensorInfo,
  weight: TensorInfo,
  bias: TensorInfo | undefined,
): TensorInfo {
  const [O, I] = weight.shape as [number, number];
  if (sizeOf(weight.shape) <= MOST_CAST || storedInHalf(backend, weight) === undefined) {
    return bias === undefined ? product(backend, x, weight, true) : linear(backend, x, weight, bias);
  }
  const rows = Math.ceil(MOST_CAST / I);
  const products = Array.from({ length: Math.ceil(O / rows) }, (_, part) => {
    const start = part * rows;
    const value = backend.graph.frozenRows(backend.graphValue(weight), start, Math.min(rows, O - start))!;
    return product(backend, x, backend.tensorOf(value), true);
  });
  const whole = backend.emit("Concat", products, [x.shape[0]!, O], "float32", { attributes: { axis: 1 } });
  return bias === undefined ? whole : backend.emit("Add", [whole, bias], whole.shape, "float32");
}

function linear(backend: TracingBackend, x: TensorInfo, weight: TensorInfo, bias: TensorInfo): TensorInfo {
  return matmulKernels.Linear!({ x, weight: castAgain(backend, weight), bias }, {}, backend) as TensorInfo;
}

function product(backend: TracingBackend, a: TensorInfo, weight: TensorInfo, transposeB: boolean): TensorInfo {
  const inputs = { a, b: castAgain(backend, weight) };
  return matmulKernels.BatchMatMul!(inputs, { transposeA: false, transposeB }, backend) as TensorInfo;
}

function storedInHalf(backend: TracingBackend, weight: TensorInfo): GraphValue | undefined {
  const stored = backend.graph.stored(backend.graphValue(weight));
  return stored === undefined || stored.type === "float32" ? undefined : stored;
}

/** A matrix stored in half precision, cast for one use; any other as it is. */
function castAgain(backend: TracingBackend, weight: TensorInfo): TensorInfo {
  const stored = storedInHalf(backend, weight);
  if (stored === undefined) return weight;
  const attributes = { to: 1 };
  return backend.tensorOf(backend.graph.node("Cast", [stored.name], weight.shape, "float32", { attributes }));
}
