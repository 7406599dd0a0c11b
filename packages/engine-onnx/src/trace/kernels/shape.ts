import { sizeOf } from "@blora/tensor";
import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import type { TracingBackend } from "../backend.ts";
import { kernel, type TracedKernel, type Unary } from "../kernel.ts";

function reshaped(backend: TracingBackend, x: TensorInfo, shape: readonly number[]): TensorInfo {
  if (String(shape) === String(x.shape)) return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
  const view = backend.emit("Reshape", [x], shape, x.dtype, { constants: [backend.indices(shape)] });
  backend.recordView(view, x);
  return view;
}

function sliced(backend: TracingBackend, x: TensorInfo, begin: readonly number[], size: readonly number[]): TensorInfo {
  const axes = begin.flatMap((start, axis) => (start === 0 && size[axis] === x.shape[axis] ? [] : [axis]));
  if (axes.length === 0) return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
  return slicedAlong(backend, x, axes, begin, size);
}

/** Slices whole axes too: of texts of another length the same slice may be a part. */
function slicedAnywhere(
  backend: TracingBackend,
  x: TensorInfo,
  begin: readonly number[],
  size: readonly number[],
): TensorInfo {
  return slicedAlong(backend, x, [...begin.keys()], begin, size);
}

function slicedAlong(
  backend: TracingBackend,
  x: TensorInfo,
  axes: readonly number[],
  begin: readonly number[],
  size: readonly number[],
): TensorInfo {
  const starts = axes.map((axis) => begin[axis]!);
  const ends = axes.map((axis) => begin[axis]! + size[axis]!);
  const constants = [backend.indices(starts), backend.indices(ends), backend.indices(axes)];
  return backend.emit("Slice", [x], size, x.dtype, { constants });
}

/** Rows of a frozen tensor are read from their place in its file; everything else is sliced. */
function readOrSliced(
  backend: TracingBackend,
  x: TensorInfo,
  begin: readonly number[],
  size: readonly number[],
): TensorInfo {
  const isWhole = (axis: number): boolean => begin[axis] === 0 && size[axis] === x.shape[axis];
  if (!isWhole(0) && x.shape.every((_, axis) => axis === 0 || isWhole(axis))) {
    const frozen = backend.graph.frozenRows(backend.graphValue(x), begin[0]!, size[0]!);
    if (frozen !== undefined) return backend.tensorOf(frozen);
  }
  return sliced(backend, x, begin, size);
}

function slice(read: typeof sliced): TracedKernel {
  return kernel<Unary, { begin: number | number[]; size: number | number[] }>(({ x }, { begin, size }, backend) => {
    const starts = x.shape.map((_, axis) =>
      typeof begin === "number" ? (axis === 0 ? begin : 0) : (begin[axis] ?? 0),
    );
    const sizes = x.shape.map((dimension, axis) => {
      const wanted = typeof size === "number" ? (axis === 0 ? size : -1) : (size[axis] ?? -1);
      return wanted < 0 ? dimension - starts[axis]! : wanted;
    });
    return read(backend, x, starts, sizes);
  });
}

/** A value repeated to a shape without storing it. */
function filled(backend: TracingBackend, value: number, shape: readonly number[], dtype: string): TensorInfo {
  const type = dtype === "int32" ? "int32" : "float32";
  const constants = [backend.scalar(value, type), backend.indices(shape)];
  const result = backend.emit("Expand", [], shape, type, { constants });
  return dtype === "bool" ? backend.emit("Cast", [result], shape, "bool", { attributes: { to: 9 } }) : result;
}

interface SplitAttributes {
  readonly numOrSizeSplits: number | readonly number[];
  readonly axis: number;
}

/** Begin and size of each part. */
function partsOf(x: TensorInfo, { numOrSizeSplits, axis }: SplitAttributes) {
  const [along] = util.parseAxisParam(axis, x.shape) as [number];
  const dimension = x.shape[along]!;
  const sizes =
    typeof numOrSizeSplits === "number"
      ? Array.from({ length: numOrSizeSplits }, () => dimension / numOrSizeSplits)
      : numOrSizeSplits;
  let start = 0;
  const parts = sizes.map((size) => {
    const begin = x.shape.map((_, axis) => (axis === along ? start : 0));
    start += size;
    return { begin, shape: x.shape.with(along, size) };
  });
  return { along, sizes, parts };
}

/** Parts one by one: WebGPU binds few buffers at a time, and rows of frozen tensors are read from their place. */
const splitOneByOne: TracedKernel = kernel<Unary, SplitAttributes>(({ x }, attributes, backend) =>
  partsOf(x, attributes).parts.map(({ begin, shape }) => readOrSliced(backend, x, begin, shape)),
);

/** All parts by one node. */
const splitAtOnce: TracedKernel = kernel<Unary, SplitAttributes>((inputs, attributes, backend) => {
  const { x } = inputs;
  const { along, sizes, parts } = partsOf(x, attributes);
  const value = backend.graphValue(x);
  if (sizes.length === 1 || backend.graph.stored(value) !== undefined)
    return splitOneByOne(inputs, attributes, backend);
  const shapes = parts.map(({ shape }) => ({ shape, type: value.type }));
  const options = { attributes: { axis: along } };
  const values = backend.graph.nodes("Split", [value.name, backend.indices(sizes)], shapes, options);
  return values.map((part) => backend.tensorOf(part));
});

export const shapeKernels: Readonly<Record<string, TracedKernel>> = {
  Reshape: kernel<Unary, { shape: number[] }>(({ x }, { shape }, backend) =>
    reshaped(backend, x, util.inferFromImplicitShape(shape, sizeOf(x.shape))),
  ),
  ExpandDims: kernel<{ input: TensorInfo }, { dim: number }>(({ input }, { dim }, backend) => {
    const axis = dim < 0 ? dim + input.shape.length + 1 : dim;
    return reshaped(backend, input, input.shape.toSpliced(axis, 0, 1));
  }),
  Transpose: kernel<Unary, { perm: number[] }>(({ x }, { perm }, backend) =>
    backend.emit(
      "Transpose",
      [x],
      perm.map((axis) => x.shape[axis]!),
      x.dtype,
      { attributes: { perm } },
    ),
  ),
  Slice: slice(readOrSliced),
  SplitV: splitOneByOne,
  Concat: kernel<readonly TensorInfo[] | Record<string, TensorInfo>, { axis: number }>((inputs, { axis }, backend) => {
    const parts = Object.values(inputs) as TensorInfo[];
    const [along] = util.parseAxisParam(axis, parts[0]!.shape);
    const length = parts.reduce((total, part) => total + part.shape[along!]!, 0);
    return backend.emit("Concat", parts, parts[0]!.shape.with(along!, length), parts[0]!.dtype, {
      attributes: { axis: along! },
    });
  }),
  Pack: kernel<readonly TensorInfo[] | Record<string, TensorInfo>, { axis: number }>((inputs, { axis }, backend) => {
    const parts = (Object.values(inputs) as TensorInfo[]).map((part) =>
      reshaped(backend, part, part.shape.toSpliced(axis, 0, 1)),
    );
    const shape = parts[0]!.shape.with(axis, parts.length);
    return backend.emit("Concat", parts, shape, parts[0]!.dtype, { attributes: { axis } });
  }),
  Unpack: kernel<{ value: TensorInfo }, { axis: number }>(({ value }, { axis }, backend) => {
    const along = axis < 0 ? axis + value.shape.length : axis;
    const shape = value.shape.toSpliced(along, 1);
    return Array.from({ length: value.shape[along]! }, (_, index) => {
      const begin = value.shape.map((_, a) => (a === along ? index : 0));
      return reshaped(backend, readOrSliced(backend, value, begin, value.shape.with(along, 1)), shape);
    });
  }),
  PadV2: kernel<Unary, { paddings: [number, number][]; constantValue: number }>(
    ({ x }, { paddings, constantValue }, backend) => {
      const shape = x.shape.map((dimension, axis) => dimension + paddings[axis]![0] + paddings[axis]![1]);
      const pads = [...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)];
      const type = x.dtype === "int32" ? "int32" : "float32";
      return backend.emit("Pad", [x], shape, x.dtype, {
        constants: [backend.indices(pads), backend.scalar(constantValue, type)],
      });
    },
  ),
  Tile: kernel<Unary, { reps: number[] }>(({ x }, { reps }, backend) =>
    backend.emit(
      "Tile",
      [x],
      x.shape.map((dimension, axis) => dimension * reps[axis]!),
      x.dtype,
      {
        constants: [backend.indices(reps)],
      },
    ),
  ),
  BroadcastTo: kernel<Unary, { shape: number[] }>(({ x }, { shape }, backend) =>
    backend.emit("Expand", [x], shape, x.dtype, { constants: [backend.indices(shape)] }),
  ),
  ZerosLike: kernel<Unary>(({ x }, _, backend) => filled(backend, 0, x.shape, x.dtype)),
  OnesLike: kernel<Unary>(({ x }, _, backend) => filled(backend, 1, x.shape, x.dtype)),
  Fill: kernel<object, { shape: number[]; value: number; dtype?: string }>((_, { shape, value, dtype }, backend) =>
    filled(backend, value, shape, dtype ?? "float32"),
  ),
};

export const splitKernels: Readonly<Record<string, TracedKernel>> = { SplitV: splitAtOnce };

/** `Slice` that leaves frozen tensors whole: where rows begin may depend on sizes that are not known yet. */
export const portableShapeKernels: Readonly<Record<string, TracedKernel>> = { Slice: slice(slicedAnywhere) };

/** A step has no order but that of what it needs: `after` becomes a view of x that needs the others as well. */
export const orderKernels: Readonly<Record<string, TracedKernel>> = {
  After: kernel<{ x: TensorInfo } & Record<string, TensorInfo>>(({ x, ...others }, _, backend) =>
    backend.emit("Reshape", [x], x.shape, x.dtype, {
      constants: [backend.indices(x.shape)],
      after: Object.values(others).map((other) => backend.graphValue(other).name),
    }),
  ),
};
