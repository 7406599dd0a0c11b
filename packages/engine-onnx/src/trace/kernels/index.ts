import type { TracedKernel } from "../kernel.ts";
import { elementwiseKernels } from "./elementwise.ts";
import { fusedKernels } from "./fused.ts";
import { gatherKernels } from "./gather.ts";
import { matmulKernels, portableMatmulKernels } from "./matmul.ts";
import { reductionKernels } from "./reduction.ts";
import { portableShapeKernels, shapeKernels } from "./shape.ts";
import { wholeNumberKernels } from "./whole-numbers.ts";

export { webgpuKernels } from "./webgpu.ts";

/** Every tfjs kernel a step may use, by name. */
export const tracedKernels: Readonly<Record<string, TracedKernel>> = {
  ...elementwiseKernels,
  ...fusedKernels,
  ...gatherKernels,
  ...matmulKernels,
  ...reductionKernels,
  ...shapeKernels,
};

/** The same, with frozen matrices multiplied in whole numbers. */
export const integerKernels: Readonly<Record<string, TracedKernel>> = { ...tracedKernels, ...wholeNumberKernels };

const { Rotary, RmsNorm, SiluGate, ...standardKernels } = tracedKernels;

/**
 * Kernels that emit operators of ONNX's own set alone, for graphs that other
 * programs run. What is missing falls back to plain ops, which ONNX Runtime
 * fuses again as it loads the graph.
 */
export const portableKernels: Readonly<Record<string, TracedKernel>> = {
  ...standardKernels,
  ...portableMatmulKernels,
  ...portableShapeKernels,
};
