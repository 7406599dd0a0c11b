import type { TensorInfo } from "@tensorflow/tfjs-core";
import { kernel, type TracedKernel, type Unary } from "../kernel.ts";
import { elementwiseKernels } from "./elementwise.ts";
import { fusedKernels } from "./fused.ts";
import { gatherKernels } from "./gather.ts";
import { matmulKernels, portableMatmulKernels } from "./matmul.ts";
import { reductionKernels } from "./reduction.ts";
import { shapeKernels } from "./shape.ts";

/** 1.5 · 2^23: float32 numbers near it are whole. */
const WHOLE = 12_582_912;

// WebGPU has no 16-bit codes, and gives the mean where a training step wants
// the second result of SimplifiedLayerNormalization, the inverse root. The
// gradient of GELU was not run there in its shorter form.
const { ClippedRounding, GeluGradient, RmsNorm, ...fusedOnGpu } = fusedKernels;

/**
 * Kernels that emit what ONNX Runtime's WebGPU provider computes itself. Any
 * other operator would run on the CPU, with a copy there and back that waits
 * for the whole queue of the GPU.
 */
export const webgpuKernels: Readonly<Record<string, TracedKernel>> = {
  ...elementwiseKernels,
  ...fusedOnGpu,
  ...gatherKernels,
  ...matmulKernels,
  ...reductionKernels,
  ...shapeKernels,

  AddN: kernel<readonly TensorInfo[] | Record<string, TensorInfo>>((inputs, _, backend) =>
    (Object.values(inputs) as TensorInfo[]).reduce((a, b) => backend.emit("Add", [a, b], a.shape, a.dtype)),
  ),
  BatchMatMul: (inputs, attributes, backend) => {
    const { transposeA, transposeB } = attributes as { transposeA: boolean; transposeB: boolean };
    const plain = !transposeA && !transposeB;
    return (plain ? matmulKernels : portableMatmulKernels).BatchMatMul!(inputs, attributes, backend);
  },
  Linear: portableMatmulKernels.Linear!,
  /** Half to even: a sum that large leaves no room for fractions. From 2^22 on, right within float32 rounding. */
  Round: kernel<Unary>(({ x }, _, backend) => {
    const constants = [backend.scalar(WHOLE)];
    const moved = backend.emit("Add", [x], x.shape, x.dtype, { constants });
    return backend.emit("Sub", [moved], x.shape, x.dtype, { constants });
  }),
};
