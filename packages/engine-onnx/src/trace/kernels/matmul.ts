import { sizeOf } from "@blora/tensor";
import { backend_util, type TensorInfo } from "@tensorflow/tfjs-core";
import type { TracingBackend } from "../backend.ts";
import { type Binary, kernel, type TracedKernel } from "../kernel.ts";

/** ONNX Runtime's own operator set. */
const MICROSOFT = "com.microsoft";

export interface LinearInputs {
  /** [M, I] */
  readonly x: TensorInfo;
  /** [O, I] */
  readonly weight: TensorInfo;
  /** [O] */
  readonly bias?: TensorInfo;
}

/** x·Wᵀ + b in one pass over the output. */
function linear(product: () => TracedKernel): TracedKernel {
  return kernel<LinearInputs>(({ x, weight, bias }, _, backend) => {
    if (bias === undefined) return product()({ a: x, b: weight }, { transposeA: false, transposeB: true }, backend);
    const [M, I] = x.shape as [number, number];
    const O = weight.shape[0]!;
    return backend.emit("Gemm", [x, weight, bias], [M, O], x.dtype, { attributes: { transB: 1 }, macs: M * I * O });
  });
}

export const matmulKernels: Readonly<Record<string, TracedKernel>> = {
  /**
   * Transposes ride along in FusedMatMul. Separate Transpose nodes would be
   * folded into a second copy of every frozen matrix.
   */
  BatchMatMul: kernel<Binary, Transposed>(({ a, b }, { transposeA, transposeB }, backend) => {
    const { shape, macs } = productOf({ a, b }, { transposeA, transposeB });
    if (!transposeA && !transposeB) return backend.emit("MatMul", [a, b], shape, a.dtype, { macs });
    return backend.emit("FusedMatMul", [a, b], shape, a.dtype, {
      macs,
      domain: MICROSOFT,
      attributes: { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 },
    });
  }),
  Linear: linear(() => matmulKernels.BatchMatMul!),
};

/** `BatchMatMul` as a `Gemm` of two matrices, or as `Transpose` and `MatMul`. */
export const portableMatmulKernels: Readonly<Record<string, TracedKernel>> = {
  BatchMatMul: kernel<Binary, Transposed>(({ a, b }, { transposeA, transposeB }, backend) => {
    const { shape, macs } = productOf({ a, b }, { transposeA, transposeB });
    if (a.shape.length === 2 && b.shape.length === 2) {
      const attributes = { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 };
      return backend.emit("Gemm", [a, b], shape, a.dtype, { macs, attributes });
    }
    const left = transposeA ? withLastTwoSwapped(backend, a) : a;
    const right = transposeB ? withLastTwoSwapped(backend, b) : b;
    return backend.emit("MatMul", [left, right], shape, a.dtype, { macs });
  }),
  Linear: linear(() => portableMatmulKernels.BatchMatMul!),
};

function withLastTwoSwapped(backend: TracingBackend, x: TensorInfo): TensorInfo {
  const axes = x.shape.map((_, axis) => axis);
  const perm = [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!];
  const shape = perm.map((axis) => x.shape[axis]!);
  return backend.emit("Transpose", [x], shape, x.dtype, { attributes: { perm } });
}

interface Transposed {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

function productOf({ a, b }: Binary, { transposeA, transposeB }: Transposed): { shape: number[]; macs: number } {
  const [rows, inner] = lastTwo(a, transposeA);
  const [, columns] = lastTwo(b, transposeB);
  const batch = backend_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const shape = [...batch, rows, columns];
  return { shape, macs: sizeOf(shape) * inner };
}

function lastTwo(tensor: TensorInfo, transposed: boolean): [number, number] {
  const [rows, columns] = tensor.shape.slice(-2) as [number, number];
  return transposed ? [columns, rows] : [rows, columns];
}
