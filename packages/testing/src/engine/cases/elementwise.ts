import { gelu, ops, roundStraightThrough, type Shape, type Tensor } from "@blora/tensor";
import { elementwise } from "../float64.ts";
import { awayFromZero, floats, type OpCase } from "../op-case.ts";
import { errorFunction } from "./error-function.ts";
import { geluFormula } from "./references.ts";

type Unary = readonly [compute: (x: Tensor) => Tensor, formula: (x: number) => number, low?: number, high?: number];

/** Smooth functions, on a range where float32 keeps their digits. */
const smooth: Readonly<Record<string, Unary>> = {
  cos: [ops.cos, Math.cos],
  "cos after many turns": [ops.cos, Math.cos, -2000, 2000],
  erf: [ops.erf, errorFunction],
  exp: [ops.exp, Math.exp],
  gelu: [gelu, geluFormula],
  log: [ops.log, Math.log, 0.2, 4],
  neg: [ops.neg, (x) => -x],
  reciprocal: [ops.reciprocal, (x) => 1 / x, 0.3, 3],
  rsqrt: [ops.rsqrt, (x) => 1 / Math.sqrt(x), 0.2, 4],
  sigmoid: [ops.sigmoid, (x) => 1 / (1 + Math.exp(-x)), -6, 6],
  sin: [ops.sin, Math.sin],
  "sin after many turns": [ops.sin, Math.sin, -2000, 2000],
  softplus: [ops.softplus, (x) => Math.log1p(Math.exp(x)), -5, 5],
  sqrt: [ops.sqrt, Math.sqrt, 0.2, 4],
  square: [ops.square, (x) => x * x],
  tanh: [ops.tanh, Math.tanh],
};

/** Functions with a kink at zero. */
const kinked: Readonly<Record<string, Unary>> = {
  abs: [ops.abs, Math.abs],
  relu: [ops.relu, (x) => Math.max(x, 0)],
  step: [(x) => ops.step(x), (x) => (x > 0 ? 1 : 0)],
};

type Binary = readonly [
  compute: (x: Tensor, y: Tensor) => Tensor,
  formula: (x: number, y: number) => number,
  low?: number,
  high?: number,
];

const binary: Readonly<Record<string, Binary>> = {
  add: [ops.add, (x, y) => x + y],
  div: [ops.div, (x, y) => x / y, 0.4, 2],
  maximum: [ops.maximum, Math.max],
  minimum: [ops.minimum, Math.min],
  mul: [ops.mul, (x, y) => x * y],
  pow: [ops.pow, (x, y) => x ** y, 0.4, 2],
  sub: [ops.sub, (x, y) => x - y],
};

const broadcasts: readonly (readonly [Shape, Shape])[] = [
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], [3]],
  [[3], [2, 3]],
  [[2, 3], []],
  [[], [2, 3]],
  [[], []],
  [
    [2, 1, 3],
    [4, 1],
  ],
  [
    [2, 3],
    [2, 1],
  ],
  [
    [1, 3],
    [2, 1],
  ],
];

function unaryCases(table: Readonly<Record<string, Unary>>, draw: typeof floats): OpCase[] {
  return Object.entries(table).flatMap(([name, [compute, formula, low, high]]) =>
    [[2, 3], [], [7], [2, 2, 3]].map((shape) => ({
      name: `${name} of [${shape}]`,
      inputs: [draw(name, shape, low, high)],
      compute: (x: Tensor) => compute(x),
      reference: (x) => elementwise(formula, x),
    })),
  );
}

const binaryCases: readonly OpCase[] = Object.entries(binary).flatMap(([name, [compute, formula, low, high]]) =>
  broadcasts.map(([left, right]) => ({
    name: `${name} of [${left}] and [${right}]`,
    inputs: [floats(`${name} left`, left, low, high), floats(`${name} right`, right, low, high)],
    compute: (x: Tensor, y: Tensor) => compute(x, y),
    reference: (x, y) => elementwise(formula, x, y),
  })),
);

/** Elementwise functions of one, two and more tensors. */
export const elementwiseCases: readonly OpCase[] = [
  ...unaryCases(smooth, floats),
  ...unaryCases(kinked, awayFromZero),
  ...binaryCases,
  {
    name: "mul of a tensor by itself",
    inputs: [floats("itself", [2, 3])],
    compute: (x) => ops.mul(x, x),
    reference: (x) => elementwise((x) => x * x, x),
  },
  {
    name: "mul by a number",
    inputs: [floats("number", [2, 3])],
    compute: (x) => ops.mul(x, 0.3),
    reference: (x) => elementwise((x) => x * Math.fround(0.3), x),
  },
  {
    name: "pow with a whole exponent of negative numbers",
    inputs: [awayFromZero("cube", [2, 3])],
    compute: (x) => ops.pow(x, ops.scalar(3)),
    reference: (x) => elementwise((x) => x ** 3, x),
    gradient: (dy, x) => [elementwise((dy, x) => dy * 3 * x * x, dy, x)],
  },
  {
    name: "addN of three tensors",
    inputs: [floats("first", [2, 3]), floats("second", [2, 3]), floats("third", [2, 3])],
    compute: (x, y, z) => ops.addN([x, y, z]),
    reference: (x, y, z) => elementwise((x, y, z) => x + y + z, x, y, z),
  },
  {
    name: "clipByValue on both sides",
    inputs: [floats("clip", [3, 4])],
    compute: (x) => ops.clipByValue(x, -0.75, 1.25),
    reference: (x) => elementwise((x) => Math.min(Math.max(x, -0.75), 1.25), x),
  },
  {
    name: "sigmoid far from zero",
    inputs: [{ shape: [4], values: Float32Array.of(-80, -20, 20, 80) }],
    compute: (x) => ops.sigmoid(x),
    reference: (x) => elementwise((x) => 1 / (1 + Math.exp(-x)), x),
  },
  {
    name: "softplus far from zero",
    inputs: [{ shape: [4], values: Float32Array.of(-60, -20, 20, 60) }],
    compute: (x) => ops.softplus(x),
    reference: (x) => elementwise((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), x),
  },
  {
    name: "roundStraightThrough rounds halves to even and passes the gradient on",
    inputs: [{ shape: [8], values: Float32Array.of(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49, -1.2) }],
    compute: (x) => roundStraightThrough(x),
    reference: (x) => ({ shape: x.shape, values: Float64Array.of(-2, -2, 0, 0, 2, 2, 0, -1) }),
    gradient: (dy) => [dy],
  },
  {
    name: "a chain of functions that uses a tensor twice",
    inputs: [floats("chain", [2, 3]), floats("chain scale", [3])],
    compute: (x, scale) => ops.add(ops.mul(ops.tanh(ops.mul(x, scale)), x), ops.exp(ops.neg(ops.square(x)))),
    reference: (x, scale) => elementwise((x, scale) => Math.tanh(x * scale) * x + Math.exp(-x * x), x, scale),
  },
];
