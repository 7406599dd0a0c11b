import type { TracedKernel } from "../kernel.ts";
import { elementwiseKernels } from "./elementwise.ts";
import { fusedKernels } from "./fused.ts";
import { gatherKernels } from "./gather.ts";
import { matmulKernels } from "./matmul.ts";
import { reductionKernels } from "./reduction.ts";
import { shapeKernels } from "./shape.ts";

/** Every tfjs kernel a step may use, by name. */
export const tracedKernels: Readonly<Record<string, TracedKernel>> = {
  ...elementwiseKernels,
  ...fusedKernels,
  ...gatherKernels,
  ...matmulKernels,
  ...reductionKernels,
  ...shapeKernels,
};
