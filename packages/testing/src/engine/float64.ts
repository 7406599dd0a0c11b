import { type HostTensor, type Shape, sizeOf } from "@blora/tensor";

/** A tensor in double precision: what the reference of an op computes with. */
export interface Float64Tensor {
  readonly shape: Shape;
  /** Row-major */
  readonly values: Float64Array;
}

/** Exact copy of 32-bit values. */
export function toFloat64({ shape, values }: HostTensor | { shape: Shape; values: Int32Array }): Float64Tensor {
  return { shape, values: Float64Array.from(values) };
}

/** The tensor whose element at every index is `element(index)`. */
export function build(shape: Shape, element: (index: readonly number[]) => number): Float64Tensor {
  const values = Float64Array.from({ length: sizeOf(shape) }, (_, flat) => element(unravel(flat, shape)));
  return { shape, values };
}

/** The element at `index`. Axes of length 1 broadcast and leading axes may be missing, as in NumPy. */
export function at(x: Float64Tensor, index: readonly number[]): number {
  return x.values[broadcastOffset(index, x.shape)]!;
}

/** Applies `f` element by element to inputs that broadcast. */
export function elementwise(f: (...elements: number[]) => number, ...inputs: readonly Float64Tensor[]): Float64Tensor {
  const shape = inputs.map((input) => input.shape).reduce(broadcastShape);
  return build(shape, (index) => f(...inputs.map((input) => at(input, index))));
}

/** Reduces `axes` (all of them by default) with `f`. */
export function reduce(
  x: Float64Tensor,
  f: (elements: readonly number[]) => number,
  axes: readonly number[] = [...x.shape.keys()],
  keepAxes = false,
): Float64Tensor {
  const reduced = new Set(axes.map((axis) => (axis < 0 ? axis + x.shape.length : axis)));
  const kept = x.shape.map((length, axis) => (reduced.has(axis) ? 1 : length));
  const groups = Array.from({ length: sizeOf(kept) }, (): number[] => []);
  const { shape } = x;
  for (const [flat, value] of x.values.entries()) {
    const group = ravel(
      unravel(flat, shape).map((position, axis) => (reduced.has(axis) ? 0 : position)),
      kept,
    );
    groups[group]!.push(value);
  }
  const values = Float64Array.from(groups, f);
  return { shape: keepAxes ? kept : shape.filter((_, axis) => !reduced.has(axis)), values };
}

export const total = (elements: readonly number[]): number => elements.reduce((sum, element) => sum + element, 0);

/** a·b over the last two axes, leading axes broadcast. */
export function matrixProduct(
  a: Float64Tensor,
  b: Float64Tensor,
  transposeA = false,
  transposeB = false,
): Float64Tensor {
  const left = transposeA ? swapLast(a) : a; // [..., M, K]
  const right = transposeB ? swapLast(b) : b; // [..., K, N]
  const [M, K, N] = [left.shape.at(-2)!, left.shape.at(-1)!, right.shape.at(-1)!];
  const batch = broadcastShape(left.shape.slice(0, -2), right.shape.slice(0, -2));
  const values = new Float64Array(sizeOf(batch) * M * N);
  for (let product = 0; product < sizeOf(batch); product++) {
    const outer = unravel(product, batch);
    const leftStart = M * K * broadcastOffset(outer, left.shape.slice(0, -2));
    const rightStart = K * N * broadcastOffset(outer, right.shape.slice(0, -2));
    for (let row = 0; row < M; row++) {
      for (let column = 0; column < N; column++) {
        let sum = 0;
        for (let k = 0; k < K; k++) {
          sum += left.values[leftStart + row * K + k]! * right.values[rightStart + k * N + column]!;
        }
        values[(product * M + row) * N + column] = sum;
      }
    }
  }
  return { shape: [...batch, M, N], values };
}

/** Axis `i` of the result is axis `order[i]` of `x`. */
export function permute(x: Float64Tensor, order: readonly number[]): Float64Tensor {
  return build(
    order.map((axis) => x.shape[axis]!),
    (index) => {
      const source = new Array<number>(order.length);
      for (const [position, axis] of order.entries()) source[axis] = index[position]!;
      return at(x, source);
    },
  );
}

/** The last two axes swapped. */
export function swapLast(x: Float64Tensor): Float64Tensor {
  const axes = [...x.shape.keys()];
  return permute(x, [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!]);
}

function broadcastShape(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    return left === 1 ? right : left;
  });
}

function unravel(flat: number, shape: Shape): number[] {
  const index = new Array<number>(shape.length);
  let rest = flat;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = rest % shape[axis]!;
    rest = Math.floor(rest / shape[axis]!);
  }
  return index;
}

function ravel(index: readonly number[], shape: Shape): number {
  return index.reduce((flat, position, axis) => flat * shape[axis]! + position, 0);
}

function broadcastOffset(index: readonly number[], shape: Shape): number {
  const skipped = index.length - shape.length;
  let offset = 0;
  for (const [axis, length] of shape.entries()) {
    offset = offset * length + (length === 1 ? 0 : index[axis + skipped]!);
  }
  return offset;
}
