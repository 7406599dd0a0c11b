import { type HostTensor, ops, type Tensor } from "@blora/tensor";
import { expect } from "vitest";

/** Numbers in any of the forms tests have them. */
export type Numbers = number | ArrayLike<number> | Tensor | HostTensor;

export interface Tolerance {
  /** Allowed share of the expected magnitude. Default 1e-5. */
  readonly relative?: number;
  /** Allowed difference near zero. Default 1e-6. */
  readonly absolute?: number;
}

/** Row-major values of a tensor, host tensor, array or number. */
export function valuesOf(numbers: Numbers): ArrayLike<number> {
  if (typeof numbers === "number") return [numbers];
  if ("dataSync" in numbers) return numbers.dataSync();
  return "values" in numbers && typeof numbers.values !== "function" ? numbers.values : (numbers as ArrayLike<number>);
}

/** The tensor of a host tensor, a vector for an array, a scalar for a number. */
export function toTensor(input: number | readonly number[] | HostTensor): Tensor {
  if (typeof input === "number") return ops.scalar(input);
  return "shape" in input ? ops.tensor(input.values, [...input.shape]) : ops.tensor([...input]);
}

/** Tensors of named host tensors, such as the parameters a quantizer starts from. */
export function toTensors(record: Readonly<Record<string, HostTensor>>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, toTensor(value)]));
}

/** Fails where a value is further than `absolute + relative·|expected|` from what is expected, and names the worst one. */
export function expectAllClose(actual: Numbers, expected: Numbers, tolerance: Tolerance = {}): void {
  const { relative = 1e-5, absolute = 1e-6 } = tolerance;
  const found = valuesOf(actual);
  const wanted = valuesOf(expected);
  expect(found.length, "number of values").toBe(wanted.length);
  let worst: { index: number; excess: number } | undefined;
  for (let index = 0; index < wanted.length; index++) {
    const a = found[index]!;
    const b = wanted[index]!;
    if (Object.is(a, b) || a === b) continue;
    const excess = Math.abs(a - b) / (absolute + relative * Math.abs(b));
    if (!(excess <= 1) && !(worst !== undefined && worst.excess >= excess)) worst = { index, excess };
  }
  if (worst === undefined) return;
  const { index, excess } = worst;
  expect.fail(
    `value ${index} of ${wanted.length} is ${found[index]}, expected ${wanted[index]}: ${excess.toPrecision(3)} times the tolerance (relative ${relative}, absolute ${absolute})`,
  );
}
