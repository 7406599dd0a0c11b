import { expect, it } from "vitest";
import { clippedRounding, ops, passInside } from "../src/index.ts";
import { expectValues, useCpu } from "./support.ts";

useCpu();

const x = () => ops.tensor([-3, -0.74, -0.25, 0, 0.25, 0.26, 0.74, 3]);
const half = () => ops.scalar(0.5);
const limit = () => ops.scalar(0.749);

it("clips on both sides and rounds half to even where signed", () => {
  const { value, clipped } = clippedRounding(x(), half(), limit(), true);
  expectValues(clipped, [-0.749, -0.74, -0.25, 0, 0.25, 0.26, 0.74, 0.749]);
  expectValues(value, [-0.5, -0.5, 0, 0, 0, 0.5, 0.5, 0.5]);
});

it("clips what is negative to zero where unsigned", () => {
  const { value } = clippedRounding(x(), half(), limit(), false);
  expectValues(value, [0, 0, 0, 0, 0, 0.5, 0.5, 0.5]);
});

it.each([
  [true, [0, 1, 1, 1, 1, 1, 1, 0]],
  [false, [0, 0, 0, 0, 1, 1, 1, 0]],
] as const)("passes the gradient where nothing was clipped (signed %s)", (signed, expected) => {
  const { clipped } = clippedRounding(x(), half(), limit(), signed);
  const gradient = passInside(ops.ones([8]), x(), clipped);
  expect([...gradient.dataSync<"float32">()]).toEqual(expected);
});
