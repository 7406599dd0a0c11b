import { sizeOf } from "@blora/tensor";
import {
  getKernel,
  type KernelFunc,
  registerKernel,
  type TensorInfo,
  UnsortedSegmentSum,
  unregisterKernel,
} from "@tensorflow/tfjs-core";

/** How a backend in JavaScript memory is read and written. */
interface HostMemory {
  read(backend: unknown, info: TensorInfo): Float32Array | Int32Array;
  write(backend: unknown, shape: number[], values: Float32Array): TensorInfo;
}

interface CpuBackend {
  readonly data: { get(dataId: object): { values: Float32Array | Int32Array } };
  makeTensorInfo(shape: number[], dtype: "float32", values: Float32Array): TensorInfo;
}

interface WasmBackend {
  typedArrayFromHeap(info: TensorInfo): Float32Array | Int32Array;
  makeOutput(shape: number[], dtype: "float32", memoryOffset: undefined, values: Float32Array): TensorInfo;
}

const memories: Readonly<Record<"cpu" | "wasm", HostMemory>> = {
  cpu: {
    read: (backend, { dataId }) => (backend as CpuBackend).data.get(dataId).values,
    write: (backend, shape, values) => (backend as CpuBackend).makeTensorInfo(shape, "float32", values),
  },
  wasm: {
    read: (backend, info) => (backend as WasmBackend).typedArrayFromHeap(info),
    write: (backend, shape, values) => (backend as WasmBackend).makeOutput(shape, "float32", undefined, values),
  },
};

/**
 * Registers the kernel behind the gradient of gather. The wasm backend has
 * none, and that of cpu takes one pass over the data per segment: hours for
 * an embedding of 100,000 rows.
 */
export function addSegmentSum(backendName: "cpu" | "wasm"): void {
  const memory = memories[backendName];
  const kernelFunc: KernelFunc = ({ inputs, attrs, backend }) => {
    const { x, segmentIds } = inputs as { x: TensorInfo; segmentIds: TensorInfo };
    const { numSegments } = attrs as { numSegments: number };
    const rowShape = x.shape.slice(segmentIds.shape.length);
    const sums = segmentSum(memory.read(backend, x), memory.read(backend, segmentIds), numSegments, sizeOf(rowShape));
    return memory.write(backend, [numSegments, ...rowShape], sums);
  };
  if (getKernel(UnsortedSegmentSum, backendName) !== undefined) unregisterKernel(UnsortedSegmentSum, backendName);
  registerKernel({ kernelName: UnsortedSegmentSum, backendName, kernelFunc });
}

/** Adds row n of `rows` to row `segments[n]` of the result. Rows of other segments are dropped. */
function segmentSum(rows: ArrayLike<number>, segments: ArrayLike<number>, count: number, width: number): Float32Array {
  const sums = new Float32Array(count * width);
  for (let row = 0; row < segments.length; row++) {
    const segment = segments[row]!;
    if (segment < 0 || segment >= count) continue;
    for (let column = 0; column < width; column++) sums[segment * width + column]! += rows[row * width + column]!;
  }
  return sums;
}
