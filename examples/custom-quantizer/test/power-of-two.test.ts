import { onnx } from "@blora/engine-onnx";
import { blora } from "@blora/lora";
import { ops } from "@blora/tensor";
import { expectAllClose, testMethod, testQuantizer, useCpuBackend } from "@blora/testing";
import { describe, expect, test } from "vitest";
import { powerOfTwo } from "../src/power-of-two.ts";
import { fitLowRankTarget } from "./fit.ts";

useCpuBackend();
testQuantizer(powerOfTwo({ bits: 4 }));

const method = blora({
  rank: 4,
  quantizer: powerOfTwo({ bits: 4 }),
  phases: { warmup: 0.4, gates: 0, settle: 0.6 },
});
// Powers of two are no multiples of a scale, so there are no codes.
describe("inside B-LoRA", () => testMethod(method, { encodes: false }));

test("three bits are the levels 0, ±α/4, ±α/2 and ±α", () => {
  const x = ops.tensor([[-5, -1.3, -0.8, -0.3, -0.1, 0, 0.1, 0.2, 0.3, 0.45, 1.4, 9]]);
  const rounded = powerOfTwo({ bits: 3 }).round({ logRange: ops.tensor([0]) }, x, true, [3]);
  expectAllClose(rounded, [-1, -1, -1, -0.25, 0, 0, 0, 0.25, 0.25, 0.5, 1, 1]);
});

test("training with it on the compiled engine fits a low-rank target", async () => {
  const engine = onnx();
  const losses = await fitLowRankTarget(method, engine, 60);
  await engine.release();
  expect(losses[0]).toBeGreaterThan(0.5);
  expect(losses.at(-1)).toBeLessThan(losses[0]! / 4);
});
