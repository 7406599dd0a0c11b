import { ops } from "@blora/tensor";
import { at, build, elementwise, type Float64Tensor, permute } from "../float64.ts";
import { floats, type OpCase } from "../op-case.ts";

const reshaped = (x: Float64Tensor, shape: readonly number[]): Float64Tensor => ({ shape, values: x.values });

const window = (x: Float64Tensor, begin: readonly number[], size: readonly number[]): Float64Tensor =>
  build(size, (index) =>
    at(
      x,
      index.map((position, axis) => position + begin[axis]!),
    ),
  );

function padded(x: Float64Tensor, paddings: readonly (readonly [number, number])[], constant = 0): Float64Tensor {
  const shape = x.shape.map((length, axis) => length + paddings[axis]![0] + paddings[axis]![1]);
  return build(shape, (index) => {
    const source = index.map((position, axis) => position - paddings[axis]![0]);
    const inside = source.every((position, axis) => position >= 0 && position < x.shape[axis]!);
    return inside ? at(x, source) : constant;
  });
}

function joined(axis: number, ...tensors: readonly Float64Tensor[]): Float64Tensor {
  const length = tensors.reduce((sum, { shape }) => sum + shape[axis]!, 0);
  return build(tensors[0]!.shape.with(axis, length), (index) => {
    let position = index[axis]!;
    for (const tensor of tensors) {
      if (position < tensor.shape[axis]!) return at(tensor, index.with(axis, position));
      position -= tensor.shape[axis]!;
    }
    return Number.NaN;
  });
}

const stacked = (axis: number, ...tensors: readonly Float64Tensor[]): Float64Tensor =>
  joined(axis, ...tensors.map((x) => reshaped(x, x.shape.toSpliced(axis, 0, 1))));

const repeated = (x: Float64Tensor, counts: readonly number[]): Float64Tensor =>
  build(
    x.shape.map((length, axis) => length * counts[axis]!),
    (index) =>
      at(
        x,
        index.map((position, axis) => position % x.shape[axis]!),
      ),
  );

const transposeCases = [
  [1, 0],
  [2, 0, 1],
  [0, 2, 1],
  [2, 1, 0],
  [0, 2, 1, 3],
  [3, 1, 0, 2],
].map(
  (order): OpCase => ({
    name: `transpose by [${order}]`,
    inputs: [floats("transpose", [2, 3, 4, 2].slice(0, order.length))],
    compute: (x) => ops.transpose(x, order),
    reference: (x) => permute(x, order),
  }),
);

const sliceCases = (
  [
    [[1], [2]],
    [
      [0, 1],
      [2, 2],
    ],
    [
      [1, 0, 2],
      [1, 3, 2],
    ],
    [
      [0, 1, 0, 1],
      [2, 1, 4, 1],
    ],
  ] as const
).map(
  ([begin, size]): OpCase => ({
    name: `slice of [${size}] from [${begin}]`,
    inputs: [floats("slice", begin.length === 1 ? [5] : [2, 3, 4, 2].slice(0, begin.length))],
    compute: (x) => ops.slice(x, [...begin], [...size]),
    reference: (x) => window(x, begin, size),
  }),
);

const padCases = (
  [
    [[[1, 2]], 0],
    [
      [
        [0, 1],
        [2, 0],
      ],
      0,
    ],
    [
      [
        [0, 0],
        [1, 1],
        [0, 3],
      ],
      0.5,
    ],
    [
      [
        [0, 0],
        [0, 0],
        [0, 1],
        [1, 0],
      ],
      0,
    ],
  ] as const
).map(
  ([paddings, constant]): OpCase => ({
    name: `pad by [${paddings}] with ${constant}`,
    inputs: [floats("pad", [2, 3, 2, 2].slice(0, paddings.length))],
    compute: (x) =>
      ops.pad(
        x,
        paddings.map(([before, after]) => [before, after] as [number, number]),
        constant,
      ),
    reference: (x) => padded(x, paddings, constant),
  }),
);

const concatCases = [0, 1, 2].map(
  (axis): OpCase => ({
    name: `concat of three tensors along axis ${axis}`,
    inputs: [1, 2, 3].map((length) => floats(`concat ${length}`, [2, 3, 2].with(axis, length))),
    compute: (x, y, z) => ops.concat([x, y, z], axis),
    reference: (x, y, z) => joined(axis, x, y, z),
  }),
);

const stackCases = [0, 1, 2].map(
  (axis): OpCase => ({
    name: `stack along axis ${axis}`,
    inputs: [floats("stack first", [2, 3]), floats("stack second", [2, 3])],
    compute: (x, y) => ops.stack([x, y], axis),
    reference: (x, y) => stacked(axis, x, y),
  }),
);

/** Ops that move elements and compute nothing. */
export const shapeCases: readonly OpCase[] = [
  ...transposeCases,
  ...sliceCases,
  ...padCases,
  ...concatCases,
  ...stackCases,
  {
    name: "transpose without an order reverses the axes",
    inputs: [floats("reverse", [2, 3, 4])],
    compute: (x) => ops.transpose(x),
    reference: (x) => permute(x, [2, 1, 0]),
  },
  {
    name: "reshape with an open axis",
    inputs: [floats("reshape", [2, 3, 4])],
    compute: (x) => ops.reshape(x, [4, -1]),
    reference: (x) => reshaped(x, [4, 6]),
  },
  {
    name: "reshape of a scalar",
    inputs: [floats("reshape", [])],
    compute: (x) => ops.reshape(x, [1, 1]),
    reference: (x) => reshaped(x, [1, 1]),
  },
  {
    name: "expandDims before the last axis",
    inputs: [floats("expandDims", [2, 3])],
    compute: (x) => ops.expandDims(x, 1),
    reference: (x) => reshaped(x, [2, 1, 3]),
  },
  {
    name: "squeeze of one of two axes of length 1",
    inputs: [floats("squeeze", [1, 3, 1])],
    compute: (x) => ops.squeeze(x, [0]),
    reference: (x) => reshaped(x, [3, 1]),
  },
  {
    name: "slice to the end of an axis",
    inputs: [floats("slice rest", [4, 3])],
    compute: (x) => ops.slice(x, [1, 2], [-1, -1]),
    reference: (x) => window(x, [1, 2], [3, 1]),
  },
  {
    name: "slice twice of one tensor adds the gradients",
    inputs: [floats("slice overlap", [5])],
    compute: (x) => ops.add(ops.slice(x, [0], [3]), ops.slice(x, [2], [3])),
    reference: (x) => elementwise((a, b) => a + b, window(x, [0], [3]), window(x, [2], [3])),
  },
  {
    name: "concat of a tensor with itself",
    inputs: [floats("concat self", [2, 2])],
    compute: (x) => ops.concat([x, x], 1),
    reference: (x) => joined(1, x, x),
  },
  {
    name: "split into equal parts, one of them unused",
    inputs: [floats("split", [2, 6])],
    compute: (x) => {
      const [first, , third] = ops.split(x, 3, 1);
      return ops.mul(first!, third!);
    },
    reference: (x) => elementwise((a, b) => a * b, window(x, [0, 0], [2, 2]), window(x, [0, 4], [2, 2])),
  },
  {
    name: "split into parts of named sizes",
    inputs: [floats("split sizes", [5, 2])],
    compute: (x) => {
      const [first, second] = ops.split(x, [2, 3], 0);
      return ops.concat([second!, first!], 0);
    },
    reference: (x) => joined(0, window(x, [2, 0], [3, 2]), window(x, [0, 0], [2, 2])),
  },
  {
    name: "unstack, then used in another order",
    inputs: [floats("unstack", [3, 2])],
    compute: (x) => {
      const [first, second, third] = ops.unstack(x, 0);
      return ops.stack([third!, ops.mul(first!, second!)]);
    },
    reference: (x) => {
      const [a, b, c, d, e, f] = x.values as unknown as [number, number, number, number, number, number];
      return { shape: [2, 2], values: Float64Array.of(e, f, a * c, b * d) };
    },
  },
  {
    name: "tile of a matrix",
    inputs: [floats("tile", [2, 3])],
    compute: (x) => ops.tile(x, [2, 3]),
    reference: (x) => repeated(x, [2, 3]),
  },
  {
    name: "tile of one axis of three",
    inputs: [floats("tile 3-D", [2, 1, 3])],
    compute: (x) => ops.tile(x, [1, 4, 1]),
    reference: (x) => repeated(x, [1, 4, 1]),
  },
  {
    name: "a skew of rows by pad, reshape and slice",
    inputs: [floats("skew", [3, 5])],
    compute: (x) =>
      ops.slice(
        ops.reshape(
          ops.slice(
            ops.reshape(
              ops.pad(x, [
                [0, 0],
                [0, 1],
              ]),
              [-1],
            ),
            [3],
            [15],
          ),
          [3, 5],
        ),
        [0, 0],
        [3, 3],
      ),
    reference: (x) => {
      const flat = padded(x, [
        [0, 0],
        [0, 1],
      ]).values.slice(3);
      return window({ shape: [3, 5], values: flat }, [0, 0], [3, 3]);
    },
  },
];
