import type { TracedKernel } from "../kernel.ts";
import { elementwiseKernels } from "./elementwise.ts";
import { frozenKernels } from "./frozen.ts";
import { fusedKernels } from "./fused.ts";
import { gatherKernels } from "./gather.ts";
import { fusedCodeProduct, gridProductKernels, joinedProduct, portableCodeProduct } from "./grid-products.ts";
import { dequantized, gridKernels, plainlyDecoded, plainRounding } from "./grids.ts";
import { matmulKernels, portableMatmulKernels } from "./matmul.ts";
import { reductionKernels } from "./reduction.ts";
import { orderKernels, portableShapeKernels, shapeKernels, splitKernels } from "./shape.ts";
import { frozenOr, wholeNumberKernels } from "./whole-numbers.ts";

export { webgpuKernels } from "./webgpu.ts";

/** Kernels that compute in float32 throughout. */
const floatKernels: Readonly<Record<string, TracedKernel>> = {
  ...elementwiseKernels,
  ...fusedKernels,
  ...gatherKernels,
  ...matmulKernels,
  ...orderKernels,
  ...reductionKernels,
  ...shapeKernels,
  ...splitKernels,
};

const floatProducts = { Linear: matmulKernels.Linear!, LinearWithUpdate: joinedProduct(floatKernels) };

/** Every tfjs kernel a step may use, by name. What a step rounds to whole numbers is multiplied as these. */
export const tracedKernels: Readonly<Record<string, TracedKernel>> = {
  ...floatKernels,
  ...gridKernels(fusedKernels.ClippedRounding!, dequantized),
  ...gridProductKernels(fusedCodeProduct, floatProducts),
};

/** The same, without copies of frozen matrices that last. */
export const sparingKernels: Readonly<Record<string, TracedKernel>> = withFrozen(frozenKernels);

/** The same, with frozen matrices multiplied in whole numbers too. */
export const integerKernels: Readonly<Record<string, TracedKernel>> = withFrozen(wholeNumberKernels);

/** The kernels of every step, with products of frozen matrices of their own. */
function withFrozen(frozen: Readonly<Record<string, TracedKernel>>): Readonly<Record<string, TracedKernel>> {
  const LinearWithUpdate = frozenOr(frozen.FrozenProduct!, floatProducts.LinearWithUpdate);
  return {
    ...tracedKernels,
    ...frozen,
    ...gridProductKernels(fusedCodeProduct, { ...floatProducts, LinearWithUpdate }),
  };
}

const { After, Rotary, RmsNorm, SiluGate, ...standardKernels } = floatKernels;

/**
 * Kernels that emit operators of ONNX's own set alone, for graphs that other
 * programs run. What is missing falls back to plain ops, which ONNX Runtime
 * fuses again as it loads the graph.
 */
export const portableKernels: Readonly<Record<string, TracedKernel>> = {
  ...standardKernels,
  ...portableMatmulKernels,
  ...portableShapeKernels,
  ...gridKernels(plainRounding, plainlyDecoded),
  ...gridProductKernels(portableCodeProduct, {
    Linear: portableMatmulKernels.Linear!,
    LinearWithUpdate: joinedProduct({ ...standardKernels, ...portableMatmulKernels }),
  }),
};
