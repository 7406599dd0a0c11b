import { describe, expect, it } from "vitest";
import {
  detached,
  linear,
  normalValues,
  ops,
  stratifiedRows,
  type Tensor,
  valueAndGradients,
  withSampledGradient,
  withSampledWeightGradient,
} from "../src/index.ts";
import { useCpu } from "./support.ts";

useCpu();

const random = (path: string, shape: [number, number]): Tensor =>
  ops.tensor(normalValues({ seed: 1, step: 0, path }, shape[0] * shape[1]), shape);

const valuesOf = (tensor: Tensor): number[] => [...tensor.dataSync<"float32">()];

/** Noise that puts every stratum at the same place, (k + 1/2)/of of its way. */
const noiseAt = (count: number, k: number, of: number): Tensor => ops.fill([count], (k + 0.5) / of);

function mean(gradients: readonly Tensor[]): Tensor {
  return ops.mul(ops.addN([...gradients]), 1 / gradients.length);
}

function gradientOf(loss: (variable: Tensor) => Tensor, variable: Tensor): Tensor {
  return valueAndGradients((...[v]) => loss(v!), [variable]).gradients[0]!;
}

function expectClose(actual: Tensor, expected: Tensor): void {
  expect(actual.shape).toEqual(expected.shape);
  const wanted = valuesOf(expected);
  for (const [index, value] of valuesOf(actual).entries()) expect(value).toBeCloseTo(wanted[index]!, 4);
}

describe("stratifiedRows", () => {
  it("draws one row of each stratum, every one equally often", () => {
    const drawn = Array.from({ length: 4 }, (_, k) => valuesOf(stratifiedRows(noiseAt(3, k, 4), 12)));
    expect(drawn).toEqual([
      [0, 4, 8],
      [1, 5, 9],
      [2, 6, 10],
      [3, 7, 11],
    ]);
  });

  it("draws every row once where there are as many strata", () => {
    const noise = ops.tensor([0.01, 0.99, 0.5, 0.999, 1e-4]);
    expect(valuesOf(stratifiedRows(noise, 5))).toEqual([0, 1, 2, 3, 4]);
  });

  it("stays in range, and draws evenly where the strata share rows", () => {
    const counts = new Array<number>(7).fill(0);
    const draws = 7 * 200;
    for (let k = 0; k < draws; k++) {
      for (const row of valuesOf(stratifiedRows(noiseAt(3, k, draws), 7))) counts[row]! += 1;
    }
    for (const count of counts) expect(count / draws).toBeCloseTo(3 / 7, 2);
    expect(Math.max(...valuesOf(stratifiedRows(ops.tensor([1 - 2 ** -24, 1 - 2 ** -24, 1 - 2 ** -24]), 2049)))).toBe(
      2048,
    );
  });
});

describe("withSampledGradient", () => {
  const whole = random("whole", [12, 3]);
  const weights = random("weights", [12, 3]);
  const factor = ops.scalar(0.7);

  it("keeps the value, and passes its own gradient on", () => {
    const rows = stratifiedRows(noiseAt(4, 0, 3), 12);
    const value = withSampledGradient(whole, ops.gather(whole, rows), rows);
    expect(valuesOf(value)).toEqual(valuesOf(whole));
    const gradient = gradientOf(
      (x) => ops.sum(ops.mul(withSampledGradient(x, ops.gather(detached(x), rows), rows), weights)),
      whole,
    );
    expectClose(gradient, weights);
  });

  it("gives, over all draws, the whole gradient of what the rows were computed from", () => {
    const full = gradientOf((scale) => ops.sum(ops.mul(ops.mul(whole, scale), weights)), factor);
    const sampled = Array.from({ length: 3 }, (_, k) =>
      gradientOf((scale) => {
        const rows = stratifiedRows(noiseAt(4, k, 3), 12);
        const sample = ops.mul(ops.gather(whole, rows), scale);
        return ops.sum(ops.mul(withSampledGradient(ops.mul(whole, 0.7), sample, rows), weights));
      }, factor),
    );
    expectClose(mean(sampled), full);
    expect(valuesOf(sampled[0]!)[0]).not.toBeCloseTo(valuesOf(full)[0]!, 2);
  });
});

describe("withSampledWeightGradient", () => {
  const x = random("x", [5, 4]);
  const weight = random("weight", [6, 4]);
  const weights = random("weights", [5, 6]);
  const full = () => gradientOf((scale) => ops.sum(ops.mul(linear(x, ops.mul(weight, scale)), weights)), ops.scalar(1));
  const sampledAt = (count: number, k: number, of: number) =>
    gradientOf((scale) => {
      const rows = stratifiedRows(noiseAt(count, k, of), 6);
      const product = linear(x, weight);
      const sample = ops.mul(ops.gather(weight, rows), scale);
      return ops.sum(ops.mul(withSampledWeightGradient(product, x, sample, rows), weights));
    }, ops.scalar(1));

  it("is the full gradient where all rows are drawn", () => {
    expectClose(sampledAt(6, 0, 1), full());
  });

  it("is the full gradient on average", () => {
    const draws = Array.from({ length: 3 }, (_, k) => sampledAt(2, k, 3));
    expectClose(mean(draws), full());
    expect(valuesOf(draws[0]!)[0]).not.toBeCloseTo(valuesOf(draws[1]!)[0]!, 2);
  });
});

it("detached stops the gradient and keeps the value", () => {
  const x = random("x", [2, 2]);
  expect(valuesOf(detached(x))).toEqual(valuesOf(x));
  expectClose(
    gradientOf((v) => ops.sum(ops.mul(v, detached(v))), x),
    x,
  );
});
