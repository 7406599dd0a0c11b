import { sizeOf } from "@blora/tensor";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { bytesOf, type GraphValue, type WholeNumbers } from "../../graph/graph.ts";
import type { TracingBackend } from "../backend.ts";
import { kernel, type TracedKernel } from "../kernel.ts";
import { codesAs, scalarOf } from "./grids.ts";
import { matmulKernels } from "./matmul.ts";

/** ONNX Runtime's own operator set. */
const MICROSOFT = "com.microsoft";

/** Largest code; -128 has no counterpart. */
const LARGEST = 127;
/** Codes of activations are unsigned with 128 for zero: every x86 processor multiplies these by signed ones. */
const ZERO = 128;
/** A row of zeros is divided by this instead of by 0. */
const SMALLEST_RANGE = 1e-30;

/** A matrix [K, N] as codes, signed with 0 for zero. */
interface CodedMatrix {
  readonly codes: GraphValue;
  /** [N] or [] */
  readonly scales: GraphValue;
}

/**
 * Products with frozen matrices in whole numbers of 8 bits: rows of activations and of gradients each at a scale of
 * their own, so that no row depends on what else is in its batch and the few rows that carry a gradient do not
 * silence the rest; columns of the matrix likewise (LLM.int8, Dettmers et al. 2022, without its outliers).
 * Sums of products are exact int32.
 */
export const wholeNumberKernels: Readonly<Record<string, TracedKernel>> = {
  /** x·Wᵀ + h·Bᵀ + b, x [M, I], W [O, I], h [M, R], B [O, R]. */
  FrozenProduct: kernel<{ x: TensorInfo; weight: TensorInfo; bias?: TensorInfo; h?: TensorInfo; B?: TensorInfo }>(
    ({ x, weight, bias, h, B }, _, backend) => {
      const product = roundedProduct(backend, x, weight, "forward") ?? floatProduct(backend, x, weight, true);
      if (h !== undefined && B !== undefined) return withUpdate(backend, product, h, B, bias);
      return bias === undefined ? product : backend.emit("Add", [product, bias], product.shape, "float32");
    },
  ),
  /** dy·W + g·A, dy [M, O], W [O, I], g [M, R], A [R, I]. */
  FrozenProductGradient: kernel<{ dy: TensorInfo; weight: TensorInfo; g?: TensorInfo; A?: TensorInfo }>(
    ({ dy, weight, g, A }, _, backend) => {
      const product = roundedProduct(backend, dy, weight, "backward") ?? floatProduct(backend, dy, weight, false);
      return g === undefined || A === undefined ? product : gemm(backend, g, A, product, false);
    },
  ),
};

/** x·Wᵀ + h·Bᵀ + b of a frozen W by the kernel `FrozenProduct`, of any other by `other`. */
export function frozenOr(frozen: TracedKernel, other: TracedKernel): TracedKernel {
  return kernel<{ weight: TensorInfo }>((inputs, attributes, backend) => {
    const isFrozen = backend.graph.stored(backend.graphValue(inputs.weight)) !== undefined;
    return (isFrozen ? frozen : other)(inputs, attributes, backend);
  });
}

/** A frozen matrix, or one that a step rounds, as it enters dy·W; undefined for any other, or where its scales are on the inner axis. */
function codedMatrix(
  backend: TracingBackend,
  weight: TensorInfo,
  product: WholeNumbers["product"],
): CodedMatrix | undefined {
  const frozen = backend.graph.wholeNumbers(backend.graphValue(weight), product);
  if (frozen !== undefined || product === "forward") return frozen;
  const grid = backend.gridOf(weight);
  if (grid === undefined || grid.offset !== 0 || grid.zero.int8 !== 0 || sizeOf(grid.scales.shape) > 1)
    return undefined;
  return { codes: codesAs(backend, grid, "int8", weight.shape), scales: scalarOf(backend, grid) };
}

/** x [M, K] times a matrix [K, N] in whole numbers; undefined where the matrix has none. */
function roundedProduct(
  backend: TracingBackend,
  x: TensorInfo,
  weight: TensorInfo,
  product: WholeNumbers["product"],
): TensorInfo | undefined {
  const { graph } = backend;
  const matrix = codedMatrix(backend, weight, product);
  if (matrix === undefined) return undefined;
  const [M, K] = x.shape as [number, number];
  const N = matrix.codes.shape[1]!;
  const { codes, scales } = roundedRows(backend, x);
  const zero = graph.constant(Uint8Array.of(ZERO), [], "uint8");
  const sums = graph.node(
    "MatMulIntegerToFloat",
    [codes.name, matrix.codes.name, backend.scalar(1), matrix.scales.name, zero.name],
    [M, N],
    "float32",
    { domain: MICROSOFT, macs: M * K * N },
  );
  return backend.tensorOf(graph.node("Mul", [sums.name, scales.name], [M, N], "float32"));
}

/** Codes [M, K] of a matrix and the scales [M, 1] of its rows, the same for every product it enters. */
function roundedRows(backend: TracingBackend, x: TensorInfo): { codes: GraphValue; scales: GraphValue } {
  return backend.once(`rounded rows of ${backend.graphValue(x).name}`, () => {
    const { graph } = backend;
    const { name } = backend.graphValue(x);
    const [M, K] = x.shape as [number, number];
    const along = backend.indices([1]);
    const reduced = (operator: string): string =>
      graph.node(operator, [name, along], [M, 1], "float32", { attributes: { keepdims: 1 } }).name;
    const lowest = graph.node("Neg", [reduced("ReduceMin")], [M, 1], "float32");
    const range = graph.node(
      "Max",
      [reduced("ReduceMax"), lowest.name, backend.scalar(SMALLEST_RANGE)],
      [M, 1],
      "float32",
    );
    const scales = graph.node("Mul", [range.name, backend.scalar(1 / LARGEST)], [M, 1], "float32");
    const scaleOfRow = graph.node("Reshape", [scales.name, backend.indices([M])], [M], "float32");
    const zeros = graph.constant(new Uint8Array(M).fill(ZERO), [M], "uint8");
    const attributes = { axis: 0 };
    const codes = graph.node("QuantizeLinear", [name, scaleOfRow.name, zeros.name], [M, K], "uint8", { attributes });
    return { codes, scales };
  });
}

/** product + h·Bᵀ + b: the bias is one more column of B, whose h is 1, which spares a pass over [M, O]. */
export function withUpdate(
  backend: TracingBackend,
  product: TensorInfo,
  h: TensorInfo,
  B: TensorInfo,
  bias: TensorInfo | undefined,
): TensorInfo {
  if (bias === undefined) return gemm(backend, h, B, product, true);
  const [M, R] = h.shape as [number, number];
  const O = B.shape[0]!;
  const ones = backend.tensorOf(backend.graph.constant(bytesOf(new Float32Array(M).fill(1)), [M, 1], "float32"));
  const column = backend.emit("Reshape", [bias], [O, 1], "float32", { constants: [backend.indices([O, 1])] });
  const joined = (a: TensorInfo, b: TensorInfo, rows: number): TensorInfo =>
    backend.emit("Concat", [a, b], [rows, R + 1], "float32", { attributes: { axis: 1 } });
  return gemm(backend, joined(h, ones, M), joined(B, column, O), product, true);
}

/** a·b + sum, or a·bᵀ + sum. */
export function gemm(
  backend: TracingBackend,
  a: TensorInfo,
  b: TensorInfo,
  sum: TensorInfo,
  transposed: boolean,
): TensorInfo {
  const macs = sum.shape[0]! * sum.shape[1]! * a.shape[1]!;
  return backend.emit("Gemm", [a, b, sum], sum.shape, "float32", { macs, attributes: { transB: transposed ? 1 : 0 } });
}

function floatProduct(backend: TracingBackend, a: TensorInfo, b: TensorInfo, transposed: boolean): TensorInfo {
  const attributes = { transposeA: false, transposeB: transposed };
  return matmulKernels.BatchMatMul!({ a, b }, attributes, backend) as TensorInfo;
}
