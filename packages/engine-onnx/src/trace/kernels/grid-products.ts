import { sizeOf } from "@blora/tensor";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Grid, TracingBackend } from "../backend.ts";
import { kernel, type TracedKernel } from "../kernel.ts";
import { codesAs, scalarOf, zeroOf } from "./grids.ts";
import type { LinearInputs } from "./matmul.ts";
import { withUpdate } from "./whole-numbers.ts";

/** ONNX Runtime's own operator set. */
const MICROSOFT = "com.microsoft";

/** Two factors on grids: x [M, K] with one scale or one a row, W [N, K] with one scale. */
export interface GridFactors {
  readonly x: TensorInfo;
  readonly weight: TensorInfo;
  readonly gridOfX: Grid;
  readonly gridOfWeight: Grid;
}

/** The product of the codes of x [M, K] and W [N, K], each without its offset, times both scales. */
export type CodeProduct = (backend: TracingBackend, factors: GridFactors) => TensorInfo;

/** x's codes [M, K], those of W as [K, N], and the codes of 0 of both. */
function operands(backend: TracingBackend, { x, weight, gridOfX, gridOfWeight }: GridFactors) {
  const [N, K] = weight.shape as [number, number];
  const type = backend.frozenCodes;
  const codes = codesAs(backend, gridOfX, "uint8", x.shape);
  const rows = codesAs(backend, gridOfWeight, type, weight.shape);
  const matrix = backend.graph.node("Transpose", [rows.name], [K, N], type, { attributes: { perm: [1, 0] } });
  const zeros = [zeroOf(backend, gridOfX, "uint8"), zeroOf(backend, gridOfWeight, type)] as const;
  const [M] = x.shape as [number];
  return { codes: codes.name, matrix: matrix.name, zeros, shape: [M, N], macs: M * K * N };
}

/** By ONNX Runtime's operator, which scales as it stores. */
export const fusedCodeProduct: CodeProduct = (backend, factors) => {
  const { graph } = backend;
  const { gridOfX, gridOfWeight } = factors;
  const { codes, matrix, zeros, shape, macs } = operands(backend, factors);
  const isWhole = sizeOf(gridOfX.scales.shape) === 1;
  const scaleOfX = isWhole ? scalarOf(backend, gridOfX).name : backend.scalar(1);
  const inputs = [codes, matrix, scaleOfX, scalarOf(backend, gridOfWeight).name, ...zeros];
  const product = graph.node("MatMulIntegerToFloat", inputs, shape, "float32", { domain: MICROSOFT, macs });
  return backend.tensorOf(isWhole ? product : graph.node("Mul", [product.name, gridOfX.scales.name], shape, "float32"));
};

/** By operators of ONNX's own. */
export const portableCodeProduct: CodeProduct = (backend, factors) => {
  const { graph } = backend;
  const { scales } = factors.gridOfX;
  const { codes, matrix, zeros, shape, macs } = operands(backend, factors);
  const sums = graph.node("MatMulInteger", [codes, matrix, ...zeros], shape, "int32", { macs });
  const scale = graph.node("Mul", [scales.name, scalarOf(backend, factors.gridOfWeight).name], scales.shape, "float32");
  const floats = graph.node("Cast", [sums.name], shape, "float32", { attributes: { to: 1 } });
  return backend.tensorOf(graph.node("Mul", [floats.name, scale.name], shape, "float32"));
};

/** What is added to a product [M, N]: left·rightᵀ, left [M, R] and right [N, R]. */
interface Term {
  readonly left: TensorInfo;
  readonly right: TensorInfo;
}

/** What the offsets of levels add: Σ(a + o)(b + p) = Σab + pΣ(a + o) + o(Σ(b + p) - Kp), sums over K. */
function offsetTerms(backend: TracingBackend, { x, weight, gridOfX, gridOfWeight }: GridFactors): Term[] {
  const [M, K] = x.shape as [number, number];
  const N = weight.shape[0]!;
  const spread = (value: TensorInfo, rows: number): TensorInfo =>
    backend.emit("Expand", [value], [rows, 1], "float32", { constants: [backend.indices([rows, 1])] });
  const sums = (values: TensorInfo): TensorInfo =>
    backend.emit("ReduceSum", [values], [values.shape[0]!, 1], "float32", {
      constants: [backend.indices([1])],
      attributes: { keepdims: 1 },
    });
  const times = (value: TensorInfo, factor: number): TensorInfo =>
    backend.emit("Mul", [value], value.shape, "float32", { constants: [backend.scalar(factor)] });
  const scaleOfX = backend.tensorOf(gridOfX.scales);
  const scaleOfWeight = backend.tensorOf(scalarOf(backend, gridOfWeight));
  const terms: Term[] = [];
  if (gridOfWeight.offset !== 0)
    terms.push({ left: sums(x), right: spread(times(scaleOfWeight, gridOfWeight.offset), N) });
  if (gridOfX.offset !== 0) {
    const ofCodes = backend.emit(
      "Sub",
      [sums(weight), times(scaleOfWeight, K * gridOfWeight.offset)],
      [N, 1],
      "float32",
    );
    terms.push({ left: spread(scaleOfX, M), right: times(ofCodes, gridOfX.offset) });
  }
  return terms;
}

/** product + Σ left·rightᵀ + b in one pass over [M, N]. */
function withTerms(
  backend: TracingBackend,
  product: TensorInfo,
  terms: readonly Term[],
  bias: TensorInfo | undefined,
): TensorInfo {
  const joined = (parts: readonly TensorInfo[]): TensorInfo => {
    if (parts.length === 1) return parts[0]!;
    const columns = parts.reduce((sum, { shape }) => sum + shape[1]!, 0);
    return backend.emit("Concat", parts, [parts[0]!.shape[0]!, columns], "float32", { attributes: { axis: 1 } });
  };
  const [first, ...others] = terms;
  if (first === undefined)
    return bias === undefined ? product : backend.emit("Add", [product, bias], product.shape, "float32");
  const all: [Term, ...Term[]] = [first, ...others];
  return withUpdate(backend, product, joined(all.map(({ left }) => left)), joined(all.map(({ right }) => right)), bias);
}

interface Inputs extends LinearInputs {
  /** [M, R] */
  readonly h?: TensorInfo;
  /** [O, R] */
  readonly B?: TensorInfo;
}

/** x·Wᵀ + h·Bᵀ + b where both x and W are on grids that have a product of codes. */
function productOnGrids(
  { x, weight, bias, h, B }: Inputs,
  backend: TracingBackend,
  product: CodeProduct,
): TensorInfo | undefined {
  const gridOfX = backend.gridOf(x);
  const gridOfWeight = backend.gridOf(weight);
  if (gridOfX === undefined || gridOfWeight === undefined || sizeOf(gridOfWeight.scales.shape) > 1) return undefined;
  const factors = { x, weight, gridOfX, gridOfWeight };
  const update = h === undefined || B === undefined ? [] : [{ left: h, right: B }];
  return withTerms(backend, product(backend, factors), [...update, ...offsetTerms(backend, factors)], bias);
}

/**
 * Linear maps whose input and weight are both on grids of at most 8 bits, as products of their codes: sums are exact,
 * so they are the products of the rounded values to float32 rounding. Others are what `floats` make of them.
 */
export function gridProductKernels(
  product: CodeProduct,
  floats: Readonly<Record<"Linear" | "LinearWithUpdate", TracedKernel>>,
): Readonly<Record<string, TracedKernel>> {
  const trying = (other: TracedKernel): TracedKernel =>
    kernel<Inputs>((inputs, attributes, backend) => {
      return productOnGrids(inputs, backend, product) ?? other(inputs, attributes, backend);
    });
  return { Linear: trying(floats.Linear), LinearWithUpdate: trying(floats.LinearWithUpdate) };
}

/** x·Wᵀ + h·Bᵀ + b as one product over [x | h] and [W | B]. */
export function joinedProduct({ Linear, Concat }: Readonly<Record<string, TracedKernel>>): TracedKernel {
  return kernel<LinearInputs & Required<Pick<Inputs, "h" | "B">>>(({ x, weight, bias, h, B }, _, backend) => {
    const joined = (...parts: TensorInfo[]): TensorInfo => Concat!(parts, { axis: 1 }, backend) as TensorInfo;
    return Linear!({ x: joined(x, h), weight: joined(weight, B), ...(bias && { bias }) }, {}, backend);
  });
}
