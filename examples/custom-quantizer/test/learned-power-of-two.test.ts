import { onnx } from "@blora/engine-onnx";
import { binaryConcrete, hardConcrete } from "@blora/gates";
import { blora } from "@blora/lora";
import { ops } from "@blora/tensor";
import { expectAllClose, testMethod, testQuantizer, useCpuBackend } from "@blora/testing";
import { describe, expect, test } from "vitest";
import { learnedPowerOfTwo } from "../src/learned-power-of-two.ts";
import { ordinalWidths } from "../src/ordinal-widths.ts";
import { fitLowRankTarget } from "./fit.ts";

useCpuBackend();
const gate = hardConcrete();
describe("behind hard concrete gates", () => testQuantizer(learnedPowerOfTwo({ bits: [0, 3, 4, 6], gate })));
describe("behind binary concrete gates", () =>
  testQuantizer(learnedPowerOfTwo({ bits: [3, 5], gate: binaryConcrete(), spacing: 2 })));

const method = blora({
  rank: 4,
  quantizer: learnedPowerOfTwo({ bits: [0, 3, 5], gate }),
  allocation: "gates",
  bopsTarget: 0.1,
  phases: { warmup: 0.3, gates: 0.4, settle: 0.3 },
});
// Powers of two are no multiples of a scale, so there are no codes.
describe("inside B-LoRA", () => testMethod(method, { encodes: false }));

describe("one gate a unit", () => {
  const widths = ordinalWidths(gate, 4, 1.5);
  const noNoise = () => expect.fail("noise was drawn");

  test("gives the probabilities of each cut point", () => {
    const q = (logit: number) => 1 / (1 + Math.exp(-logit) * 11 ** (-2 / 3));
    const [q0, q1, q2] = [q(0.4), q(0.4 - 1.5), q(0.4 - 3)] as const;
    expectAllClose(widths.shares(ops.tensor([[0.4]]), "likely", noNoise), [1 - q0, q0 - q1, q1 - q2, q2]);
  });

  test("decides for one width after the other as it rises", () => {
    const rising = ops.tensor([-2, -0.5, 1, 2.5], [4, 1]);
    const identity = [0, 1, 2, 3].flatMap((row) => [0, 1, 2, 3].map((column) => Number(row === column)));
    expectAllClose(widths.shares(rising, "decided", noNoise), identity, { absolute: 0 });
  });

  test("starts at the widest width, or at the mean of what steps are worth above their cut points", () => {
    expect([...widths.init(2)]).toEqual([9, 9]);
    expectAllClose(widths.init(1, [[2, 1, -3]]), [1.5]);
  });
});

test("one width leaves nothing to learn, and an option that is misspelled is refused", () => {
  expect(() => learnedPowerOfTwo({ bits: [4], gate })).toThrow(/bits: .*>=2 items, found \[4\]/);
  expect(() => learnedPowerOfTwo({ bits: [2, 4], gate, spaceing: 2 } as never)).toThrow("(did you mean spacing?)");
});

test("training with it on the compiled engine fits a low-rank target", async () => {
  const engine = onnx();
  const losses = await fitLowRankTarget(method, engine, 60);
  await engine.release();
  expect(losses[0]).toBeGreaterThan(0.5);
  expect(losses.at(-1)).toBeLessThan(losses[0]! / 4);
});
