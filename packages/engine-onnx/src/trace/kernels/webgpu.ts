import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { TracingBackend } from "../backend.ts";
import { kernel, type TracedKernel, type Unary } from "../kernel.ts";
import { elementwiseKernels } from "./elementwise.ts";
import { fusedKernels } from "./fused.ts";
import { gatherKernels } from "./gather.ts";
import { matmulKernels, portableMatmulKernels } from "./matmul.ts";
import { reductionKernels } from "./reduction.ts";
import { shapeKernels } from "./shape.ts";

/** 1.5 · 2^23: float32 numbers near it are whole. */
const WHOLE = 12_582_912;

/** Terms of a Taylor series: what is left of the cosine of π is 4e-9. */
const TERMS = 10;
/** 2π in two parts, the first of so few digits that its products with whole numbers are exact. */
const [TURN, REST] = [6.28125, 2 * Math.PI - 6.28125];

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
  // Of its own sine and cosine a GPU need promise no more than 2^-11, and that between -π and π.
  Cos: kernel<Unary>(({ x }, _, backend) => evenSeries(backend, withinHalfATurn(backend, x), 0)),
  Sin: kernel<Unary>(({ x }, _, backend) => {
    const angle = withinHalfATurn(backend, x);
    return backend.emit("Mul", [angle, evenSeries(backend, angle, 1)], x.shape, x.dtype);
  }),
  Linear: portableMatmulKernels.Linear!,
  /** Half to even: a sum that large leaves no room for fractions. From 2^22 on, right within float32 rounding. */
  Round: kernel<Unary>(({ x }, _, backend) => {
    const constants = [backend.scalar(WHOLE)];
    const moved = backend.emit("Add", [x], x.shape, x.dtype, { constants });
    return backend.emit("Sub", [moved], x.shape, x.dtype, { constants });
  }),
};

/** x less whole turns: what is left is between -π and π. */
function withinHalfATurn(backend: TracingBackend, x: TensorInfo): TensorInfo {
  const by = (operator: string, a: TensorInfo, value: number): TensorInfo =>
    backend.emit(operator, [a], x.shape, x.dtype, { constants: [backend.scalar(value)] });
  const less = (a: TensorInfo, b: TensorInfo): TensorInfo => backend.emit("Sub", [a, b], x.shape, x.dtype);
  const turns = backend.emit("Floor", [by("Add", by("Mul", x, 1 / (2 * Math.PI)), 0.5)], x.shape, x.dtype);
  return less(less(x, by("Mul", turns, TURN)), by("Mul", turns, REST));
}

/** Σ (-1)^k x^2k / (2k + first)!: the cosine from 0, the sine divided by x from 1. */
function evenSeries(backend: TracingBackend, x: TensorInfo, first: 0 | 1): TensorInfo {
  const square = backend.emit("Mul", [x, x], x.shape, x.dtype);
  const coefficients = [1];
  for (let k = 1; k < TERMS; k++) coefficients.unshift(-coefficients[0]! / ((2 * k + first) * (2 * k + first - 1)));
  const [last, ...others] = coefficients;
  let sum = backend.emit("Mul", [square], x.shape, x.dtype, { constants: [backend.scalar(last!)] });
  for (const [index, coefficient] of others.entries()) {
    if (index > 0) sum = backend.emit("Mul", [sum, square], x.shape, x.dtype);
    sum = backend.emit("Add", [sum], x.shape, x.dtype, { constants: [backend.scalar(coefficient)] });
  }
  return sum;
}
