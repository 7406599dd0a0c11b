import { frozenLinear, linear, lowRankLinear, ops, type Shape } from "@blora/tensor";
import { elementwise, type Float64Tensor, matrixProduct, permute, reduce, swapLast, total } from "../float64.ts";
import { floats, type OpCase } from "../op-case.ts";

const flags = [false, true];

/** Names, then the left and right shape without transposition: [..., M, K] and [..., K, N]. */
const products: readonly (readonly [string, Shape, Shape])[] = [
  ["matrices", [2, 3], [3, 4]],
  ["a row and a column", [1, 5], [5, 1]],
  ["batches", [2, 3, 4], [2, 4, 2]],
  ["batches of batches", [2, 2, 2, 3], [2, 2, 3, 2]],
  ["a batch and one matrix", [3, 2, 4], [4, 2]],
  ["one matrix and a batch", [2, 4], [3, 4, 2]],
  ["batches that broadcast", [2, 1, 2, 3], [3, 3, 2]],
];

/** Sizes that fill vector registers and leave remainders, where engines switch algorithms. */
const largeProducts: readonly (readonly [string, Shape, Shape])[] = [
  ["large matrices", [70, 65], [65, 37]],
  ["large batches", [3, 66, 40], [3, 40, 72]],
  ["a large batch and one matrix", [4, 33, 64], [64, 48]],
];

function operand(label: string, shape: Shape, transposed: boolean) {
  const stored = transposed ? [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!] : shape;
  return floats(label, stored, -1, 1);
}

/** Sums a gradient over the axes its tensor was broadcast along. */
function unbroadcast(gradient: Float64Tensor, shape: Shape): Float64Tensor {
  const extra = gradient.shape.length - shape.length;
  const summed = [...gradient.shape.keys()].filter((axis) => axis < extra || shape[axis - extra] === 1);
  return { shape, values: reduce(gradient, total, summed).values };
}

function productGradients(dy: Float64Tensor, a: Float64Tensor, b: Float64Tensor, tA: boolean, tB: boolean) {
  const da = matrixProduct(dy, b, false, !tB); // [..., M, K]
  const db = matrixProduct(a, dy, !tA, false); // [..., K, N]
  return [unbroadcast(tA ? swapLast(da) : da, a.shape), unbroadcast(tB ? swapLast(db) : db, b.shape)];
}

function productCases(table: typeof products, exact: boolean): OpCase[] {
  return table.flatMap(([name, left, right]) =>
    flags.flatMap((tA) =>
      flags.map((tB): OpCase => {
        const transposed = [tA ? "left" : "", tB ? "right" : ""].filter(Boolean).join(" and ");
        return {
          name: `matMul of ${name}${transposed && `, ${transposed} transposed`}`,
          inputs: [operand(`${name} left`, left, tA), operand(`${name} right`, right, tB)],
          compute: (a, b) => ops.matMul(a, b, tA, tB),
          reference: (a, b) => matrixProduct(a, b, tA, tB),
          ...(exact ? { gradient: (dy, a, b) => productGradients(dy!, a!, b!, tA, tB) } : {}),
        };
      }),
    ),
  );
}

const affine = (x: Float64Tensor, weight: Float64Tensor, bias?: Float64Tensor): Float64Tensor => {
  const product = matrixProduct(x, weight, false, true);
  return bias === undefined ? product : elementwise((y, b) => y + b, product, bias);
};

const zerosLike = ({ shape, values }: Float64Tensor): Float64Tensor => ({ shape, values: values.map(() => 0) });

/** Matrix products and the linear maps built on them. */
export const matrixProductCases: readonly OpCase[] = [
  ...productCases(products, false),
  ...productCases(largeProducts, true),
  {
    name: "matMul of a matrix by its own transpose",
    inputs: [floats("Gram", [3, 4], -1, 1)],
    compute: (x) => ops.matMul(x, x, false, true),
    reference: (x) => matrixProduct(x, x, false, true),
  },
  {
    name: "matMul of a transposed and reshaped tensor",
    inputs: [floats("heads", [2, 3, 4], -1, 1), floats("keys", [3, 2, 2], -1, 1)],
    compute: (x, y) => ops.matMul(ops.reshape(ops.transpose(x, [1, 0, 2]), [3, 4, 2]), y),
    reference: (x, y) => matrixProduct({ shape: [3, 4, 2], values: permute(x, [1, 0, 2]).values }, y),
  },
  {
    name: "linear with a bias",
    inputs: [floats("linear x", [5, 3]), floats("linear W", [4, 3]), floats("linear b", [4])],
    compute: (x, weight, bias) => linear(x, weight, bias),
    reference: affine,
  },
  {
    name: "linear without a bias",
    inputs: [floats("linear x", [5, 3]), floats("linear W", [4, 3])],
    compute: (x, weight) => linear(x, weight),
    reference: (x, weight) => affine(x, weight),
  },
  {
    name: "frozenLinear with a bias gives weights no gradient",
    inputs: [floats("frozen x", [5, 3]), floats("frozen W", [4, 3]), floats("frozen b", [4])],
    compute: (x, weight, bias) => frozenLinear(x, weight, bias),
    reference: affine,
    gradient: (dy, _, weight, bias) => [matrixProduct(dy, weight), zerosLike(weight!), zerosLike(bias!)],
  },
  {
    name: "frozenLinear without a bias",
    inputs: [floats("frozen x", [5, 3]), floats("frozen W", [4, 3])],
    compute: (x, weight) => frozenLinear(x, weight),
    reference: (x, weight) => affine(x, weight),
    gradient: (dy, _, weight) => [matrixProduct(dy, weight), zerosLike(weight!)],
  },
  ...flags.map(
    (biased): OpCase => ({
      name: `lowRankLinear ${biased ? "with" : "without"} a bias`,
      inputs: [
        floats("low rank x", [5, 4]),
        floats("low rank A", [2, 4]),
        floats("low rank B", [3, 2]),
        floats("low rank W", [3, 4]),
        floats("low rank b", [3]),
      ],
      compute: (x, A, B, weight, bias) => lowRankLinear(x, weight, biased ? bias : undefined, A, B),
      reference: (x, A, B, weight, bias) => {
        const merged = elementwise((w, update) => w + update, weight, matrixProduct(B, A));
        return affine(x, merged, biased ? bias : undefined);
      },
      gradient: (dy, x, A, B, weight, bias) => [
        matrixProduct(
          dy,
          elementwise((w, update) => w + update, weight!, matrixProduct(B!, A!)),
        ),
        matrixProduct(matrixProduct(dy, B!), x!, true),
        matrixProduct(dy, matrixProduct(x!, A!, false, true), true),
        zerosLike(weight!),
        zerosLike(bias!),
      ],
    }),
  ),
];
