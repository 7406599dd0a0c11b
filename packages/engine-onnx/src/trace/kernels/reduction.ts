import { backend_util, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { bytesOf } from "../../graph/graph.ts";
import type { TracingBackend } from "../backend.ts";
import { kernel, type TracedKernel, type Unary } from "../kernel.ts";

interface Reduction {
  readonly axis?: number | number[];
  readonly reductionIndices?: number | number[];
  readonly keepDims?: boolean;
}

type Reduce = (x: TensorInfo, axes: number[], keepDims: boolean, backend: TracingBackend) => TensorInfo;

function reduction(reduce: Reduce): TracedKernel {
  return kernel<Unary, Reduction>(({ x }, { axis, reductionIndices, keepDims = false }, backend) => {
    const axes = util.parseAxisParam((axis ?? reductionIndices) as number | number[], x.shape);
    return reduce(x, axes, keepDims, backend);
  });
}

function reduceBy(operator: string): Reduce {
  return (x, axes, keepDims, backend) => {
    const [kept] = backend_util.computeOutAndReduceShapes(x.shape, axes);
    const shape = keepDims ? backend_util.expandShapeToKeepDim(kept, axes) : kept;
    return backend.emit(operator, [x], shape, x.dtype, {
      constants: [backend.indices(axes)],
      attributes: { keepdims: keepDims ? 1 : 0 },
    });
  };
}

/** Shapes whose column sums take ReduceSum longer than a product with ones, since it goes through them a row at a time. */
const TALL = 256;
const NARROW = 32;

function isTallAndNarrow({ shape, dtype }: TensorInfo, axes: readonly number[]): boolean {
  const [M, N] = shape as [number, number];
  return dtype === "float32" && shape.length === 2 && axes.length === 1 && axes[0] === 0 && M >= TALL && N <= NARROW;
}

/** Column sums of x [M, N] as 1ᵀ·x: [N], or [1, N] with `keepDims`. */
function columnSums(x: TensorInfo, keepDims: boolean, backend: TracingBackend): TensorInfo {
  const [M, N] = x.shape as [number, number];
  const ones = backend.tensorOf(backend.graph.constant(bytesOf(new Float32Array(M).fill(1)), [1, M], "float32"));
  const sums = backend.emit("MatMul", [ones, x], [1, N], x.dtype);
  return keepDims ? sums : backend.emit("Reshape", [sums], [N], x.dtype, { constants: [backend.indices([N])] });
}

const reduceSum = reduceBy("ReduceSum");

const sum: Reduce = (x, axes, keepDims, backend) =>
  isTallAndNarrow(x, axes) ? columnSums(x, keepDims, backend) : reduceSum(x, axes, keepDims, backend);

function overAxis(operator: string, axisOf: (attributes: { dim?: number; axis?: number }) => number): TracedKernel {
  return kernel<{ logits: TensorInfo }, { dim?: number; axis?: number }>(({ logits }, attributes, backend) => {
    const [axis] = util.parseAxisParam(axisOf(attributes), logits.shape);
    return backend.emit(operator, [logits], logits.shape, logits.dtype, { attributes: { axis: axis! } });
  });
}

export const reductionKernels: Readonly<Record<string, TracedKernel>> = {
  Sum: reduction(sum),
  Mean: reduction(reduceBy("ReduceMean")),
  Max: reduction(reduceBy("ReduceMax")),
  Min: reduction(reduceBy("ReduceMin")),
  Softmax: overAxis("Softmax", ({ dim }) => dim ?? -1),
  LogSoftmax: overAxis("LogSoftmax", ({ axis }) => axis ?? -1),
};
