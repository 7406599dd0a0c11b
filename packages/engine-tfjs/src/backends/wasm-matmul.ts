import { sizeOf } from "@blora/tensor";
import {
  BatchMatMul,
  broadcast_util,
  getKernel,
  type KernelFunc,
  type TensorInfo,
  Transpose,
} from "@tensorflow/tfjs-core";
import { wrapKernel } from "./wrap-kernel.ts";

interface WasmBackend {
  typedArrayFromHeap(info: TensorInfo): Float32Array;
  makeOutput(shape: number[], dtype: "float32"): TensorInfo;
  disposeData(dataId: object): boolean;
}

/** Multiply-accumulates of one product from which copying it out of its batch pays. */
const WORTHWHILE_MACS = 2 ** 15;

/**
 * Sends large products to XNNPACK. The backend does so only for two plain
 * matrices; transposed or batched ones, so most of a network's, take a loop
 * about 15 times slower. Here each becomes plain products of plain matrices,
 * and so do batches that broadcast along different axes, which the backend
 * gets wrong.
 */
export function speedUpMatMul(): void {
  wrapKernel(BatchMatMul, "wasm", createMatMul);
}

function createMatMul(original: KernelFunc): KernelFunc {
  return (call) => {
    const { a, b } = call.inputs as { a: TensorInfo; b: TensorInfo };
    const { transposeA, transposeB } = call.attrs as { transposeA: boolean; transposeB: boolean };
    const [M, K] = lastTwo(a.shape, transposeA);
    const [, N] = lastTwo(b.shape, transposeB);
    const isLarge = M * K * N >= WORTHWHILE_MACS;
    const isKnown =
      batchSize(a) === 1 || batchSize(b) === 1 || String(a.shape.slice(0, -2)) === String(b.shape.slice(0, -2));
    if (a.dtype !== "float32" || b.dtype !== "float32" || (isKnown && !isLarge)) return original(call);
    const backend = call.backend as WasmBackend;
    const multiply = (left: TensorInfo, right: TensorInfo): TensorInfo =>
      original({
        ...call,
        inputs: { a: left, b: right },
        attrs: { transposeA: false, transposeB: false },
      }) as TensorInfo;
    return multiplyBatches(backend, a, b, transposeA, transposeB, multiply);
  };
}

/** Every product of the batch on its own: cut out, transposed where asked for, multiplied, put back. */
function multiplyBatches(
  backend: WasmBackend,
  a: TensorInfo,
  b: TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
  multiply: (left: TensorInfo, right: TensorInfo) => TensorInfo,
): TensorInfo {
  const outer = broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const [M] = lastTwo(a.shape, transposeA);
  const [, N] = lastTwo(b.shape, transposeB);
  const left = createMatrices(backend, a, transposeA);
  const right = createMatrices(backend, b, transposeB);
  const out = backend.makeOutput([...outer, M, N], "float32");
  for (let batch = 0; batch < sizeOf(outer); batch++) {
    const product = multiply(left.at(batch, outer), right.at(batch, outer));
    backend.typedArrayFromHeap(out).set(backend.typedArrayFromHeap(product), batch * M * N);
    backend.disposeData(product.dataId);
  }
  left.release();
  right.release();
  return out;
}

/** The matrices of a batch, untransposed, one at a time: the current one is kept until another is asked for. */
function createMatrices(backend: WasmBackend, x: TensorInfo, transposed: boolean) {
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  let current: { index: number; matrix: TensorInfo } | undefined;
  const release = (): void => {
    if (current !== undefined) backend.disposeData(current.matrix.dataId);
    current = undefined;
  };
  return {
    release,
    at(batch: number, outer: readonly number[]): TensorInfo {
      const index = broadcastIndex(batch, outer, x.shape.slice(0, -2));
      if (current?.index === index) return current.matrix;
      release();
      const cut = backend.makeOutput([rows, columns], "float32");
      const size = rows * columns;
      backend.typedArrayFromHeap(cut).set(backend.typedArrayFromHeap(x).subarray(index * size, (index + 1) * size));
      const matrix = transposed ? transpose(backend, cut) : cut;
      if (transposed) backend.disposeData(cut.dataId);
      current = { index, matrix };
      return matrix;
    },
  };
}

function transpose(backend: WasmBackend, x: TensorInfo): TensorInfo {
  const { kernelFunc } = getKernel(Transpose, "wasm")!;
  return kernelFunc({ inputs: { x }, backend, attrs: { perm: [1, 0] } }) as TensorInfo;
}

const batchSize = ({ shape }: TensorInfo): number => sizeOf(shape.slice(0, -2));

/** Rows and columns of a matrix as it is used. */
function lastTwo(shape: readonly number[], transposed: boolean): [number, number] {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return transposed ? [columns, rows] : [rows, columns];
}

/** Flat index, in a batch of shape `own`, of what broadcasts to flat index `batch` of shape `outer`. */
function broadcastIndex(batch: number, outer: readonly number[], own: readonly number[]): number {
  let index = 0;
  let stride = 1;
  let rest = batch;
  for (let fromEnd = 1; fromEnd <= own.length; fromEnd++) {
    const length = own.at(-fromEnd)!;
    const position = rest % outer.at(-fromEnd)!;
    rest = Math.floor(rest / outer.at(-fromEnd)!);
    if (length > 1) index += position * stride;
    stride *= length;
  }
  return index;
}
