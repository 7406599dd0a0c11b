import { backend_util, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { kernel, type TracedKernel, type Unary } from "../kernel.ts";

interface Reduction {
  readonly axis?: number | number[];
  readonly reductionIndices?: number | number[];
  readonly keepDims?: boolean;
}

const REDUCTIONS = { Sum: "ReduceSum", Mean: "ReduceMean", Max: "ReduceMax", Min: "ReduceMin" } as const;

function reduction(operator: string): TracedKernel {
  return kernel<Unary, Reduction>(({ x }, { axis, reductionIndices, keepDims }, backend) => {
    const axes = util.parseAxisParam((axis ?? reductionIndices) as number | number[], x.shape);
    const [kept] = backend_util.computeOutAndReduceShapes(x.shape, axes);
    const shape = keepDims ? backend_util.expandShapeToKeepDim(kept, axes) : kept;
    return backend.emit(operator, [x], shape, x.dtype, {
      constants: [backend.indices(axes)],
      attributes: { keepdims: keepDims ? 1 : 0 },
    });
  });
}

function overAxis(operator: string, axisOf: (attributes: { dim?: number; axis?: number }) => number): TracedKernel {
  return kernel<{ logits: TensorInfo }, { dim?: number; axis?: number }>(({ logits }, attributes, backend) => {
    const [axis] = util.parseAxisParam(axisOf(attributes), logits.shape);
    return backend.emit(operator, [logits], logits.shape, logits.dtype, { attributes: { axis: axis! } });
  });
}

export const reductionKernels: Readonly<Record<string, TracedKernel>> = {
  ...Object.fromEntries(Object.entries(REDUCTIONS).map(([name, operator]) => [name, reduction(operator)])),
  Softmax: overAxis("Softmax", ({ dim }) => dim ?? -1),
  LogSoftmax: overAxis("LogSoftmax", ({ axis }) => axis ?? -1),
};
