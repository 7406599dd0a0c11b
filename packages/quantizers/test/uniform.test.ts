import { traceStep } from "@blora/engine-onnx";
import { hardConcrete } from "@blora/gates";
import type { VectorWidths } from "@blora/spec";
import { normalValues, ops, type Tensor, valueAndGradients } from "@blora/tensor";
import { checkGradients, expectAllClose, useCpuBackend, valuesOf } from "@blora/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gaussianRange } from "../src/gaussian-range.ts";
import { uniform } from "../src/index.ts";
import { midRiseLevels } from "./reference.ts";

useCpuBackend();
const gate = hardConcrete();

/** Vectors rounded as they are: there are no parameters. */
const round = (x: readonly (readonly number[])[], bits: VectorWidths, signed = true, grid?: "absmax"): Tensor =>
  uniform({ bits: [0, 2, 4, 8], grid }).round({}, ops.tensor(x.map((row) => [...row])), signed, bits);

describe("mid-rise levels", () => {
  test("two signed bits are ±1/2 and ±3/2 of the step |x|²/Σ level·x", () => {
    // α = 1.96·rms puts the threshold between the levels at 2.19 and 2.30.
    expectAllClose(round([[1, -1, 3, -3]], [2]), [1, -1, 3, -3]);
    expectAllClose(round([[1, -1, 4, -2]], [2]), [1.375, -1.375, 4.125, -1.375]);
  });

  test("two unsigned bits are 1/2 to 7/2 of the step, and what is negative is the lowest of them", () => {
    const step = 30 / 21;
    expectAllClose(round([[0, 1, 2, 5]], [2], false), [step / 2, step / 2, 1.5 * step, 3.5 * step]);
    // rms² is 25/2, the range 8.24: levels 1/2 and 5/2 of a step 25/12.5.
    expectAllClose(round([[-9, 5]], [2], false), [1, 5]);
  });

  test("zero is one of the two levels around it, and a vector of zeros is zeros", () => {
    const [zero] = Array.from(valuesOf(round([[0, 2, -2]], [2])));
    expect(Math.abs(zero!)).toBeCloseTo(2 / 3, 5);
    expectAllClose(round([[0, 0]], [2]), [0, 0], { absolute: 0 });
  });

  test("values of any size, width and sign agree with float64", () => {
    const vector = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 40 });
    const size = fc.double({ min: -24, max: 12, noNaN: true }).map((exponent) => 2 ** exponent);
    fc.assert(
      fc.property(vector, size, fc.integer({ min: 2, max: 16 }), fc.boolean(), (shape, scale, bits, signed) => {
        const x = shape.map((value) => Math.fround(value * scale));
        const { quantized, nearThreshold } = midRiseLevels(x, gaussianRange(bits, signed), bits, signed);
        fc.pre(!nearThreshold);
        expectAllClose(round([x], [bits], signed), quantized, { relative: 1e-5, absolute: 1e-7 * scale });
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  test("the vector keeps its length along itself at every width", () => {
    const x = Array.from(normalValues({ seed: 1, step: 0, path: "x" }, 300));
    const energy = x.reduce((total, value) => total + value ** 2, 0);
    for (const bits of [2, 3, 4, 8, 16]) {
      const rounded = valuesOf(round([x], [bits]));
      expectAllClose(
        x.reduce((total, value, index) => total + value * rounded[index]!, 0),
        energy,
      );
    }
  });
});

describe("squared error of Gaussian values over their variance", () => {
  const n = 2 ** 17;
  const x = normalValues({ seed: 2, step: 0, path: "gaussian" }, n);
  const power = x.reduce((total, value) => total + value ** 2, 0) / n;
  const errorOf = (values: ArrayLike<number>): number =>
    x.reduce((total, value, index) => total + (values[index]! - value) ** 2, 0) / n / power;

  // Without a gain: Max (1960) finds 0.1188, 0.0374, 0.0115 and 0.0000877 at the best range.
  test.each([
    [2, 0.119, 0.135, 0.01],
    [3, 0.0374, 0.0389, 0.01],
    [4, 0.0115, 0.0117, 0.02],
    [8, 0.0000878, 0.0000878, 0.1], // of a few values beyond the range
  ])("at %i bits it is %f, and %f with the gain, to a share of %f", (bits, error, errorWithGain, relative) => {
    const tensor = { values: x, vectors: 1, signed: true };
    const { codes, offset } = uniform({ bits }).encode!({}, tensor, [bits])!;
    const step = (gaussianRange(bits, true) * Math.sqrt(power)) / 2 ** (bits - 1);
    expectAllClose(errorOf(Float64Array.from(codes, (code) => (code + offset) * step)), error, {
      relative,
      absolute: 0,
    });
    const rounded = uniform({ bits }).round({}, ops.tensor(x, [1, n]), true, [bits]);
    expectAllClose(errorOf(valuesOf(rounded)), errorWithGain, { relative, absolute: 0 });
  });
});

describe("absmax levels", () => {
  test("two signed bits are -2/3, 0 and 2/3 of the largest magnitude", () => {
    expectAllClose(round([[-3, 0.9, 1.1, 3]], [2], true, "absmax"), [-2, 0, 2, 2]);
  });

  test("two unsigned bits are 0, 1/3, 2/3 and 1 of the largest value", () => {
    expectAllClose(round([[-1, 0.4, 0.6, 1.4, 1.6, 3]], [2], false, "absmax"), [0, 0, 1, 1, 2, 3]);
  });
});

describe("gradients", () => {
  const x = [
    [0.3, -5, 0.01, 1],
    [2, -0.1, 7, -0.4],
  ];
  const byX = (widths: VectorWidths, grid?: "absmax"): Tensor =>
    valueAndGradients(
      (input) => ops.sum(uniform({ bits: [0, 2, 4, 8], grid }).round({}, input!, true, widths)),
      [ops.tensor(x)],
    ).gradients[0]!;

  test.each([undefined, "absmax" as const])(
    "pass everything, clipped values included, and nothing at 0 bits (%s)",
    (grid) => {
      expectAllClose(byX([2, 8], grid), [1, 1, 1, 1, 1, 1, 1, 1]);
      expectAllClose(byX([0, 32], grid), [0, 0, 0, 0, 1, 1, 1, 1]);
      const oneHot = ops.tensor([
        [0, 0, 1, 0],
        [1, 0, 0, 0],
      ]);
      expectAllClose(byX({ shares: oneHot, oneHot: true }, grid), [1, 1, 1, 1, 0, 0, 0, 0]);
    },
  );

  test.each([undefined, "absmax" as const])("pass the shares above 0 bits (%s)", (grid) => {
    const shares = ops.tensor([
      [0.25, 0.5, 0.25, 0],
      [0.9, 0, 0, 0.1],
    ]);
    expectAllClose(byX({ shares }, grid), [0.75, 0.75, 0.75, 0.75, 0.1, 0.1, 0.1, 0.1]);
  });

  test.each([undefined, "absmax" as const])("by shares agree with finite differences (%s)", (grid) => {
    for (const signed of [true, false]) {
      for (const bits of [
        [0, 2, 3],
        [2, 4, 8],
      ]) {
        const quantizer = uniform({ bits, gate, grid });
        checkGradients(
          (shares) => quantizer.round({}, ops.tensor(x), signed, { shares: ops.reshape(shares!, [2, 3]) }),
          [[0.2, 0.5, 0.3, 0.6, 0.1, 0.3]],
        );
      }
    }
  });
});

describe("graphs", () => {
  const nodes = (N: number, widths: (N: number) => VectorWidths): number =>
    traceStep({
      name: "round",
      mode: "train",
      inputs: {},
      trainable: { x: [N, 6] },
      frozen: new Map(),
      compute: ({ trainable }) => {
        const rounded = uniform({ bits: [0, 2, 4, 8], gate }).round({}, trainable.x!, true, widths(N));
        return { loss: ops.sum(ops.square(rounded)) };
      },
    }).graph.nodes.length;
  const mixed = (N: number) => Array.from({ length: N }, (_, vector) => [0, 2, 8, 4, 32][vector % 5]!);
  const soft = (N: number) => ({ shares: ops.fill([N, 4], 0.25) });

  test.each([
    ["settled alike", (N: number) => new Array<number>(N).fill(4)],
    ["settled, all of them", mixed],
    ["shares", soft],
  ])("%s take as many nodes for many vectors as for a few", (_, widths) => {
    expect(nodes(500, widths)).toBe(nodes(5, widths));
    expect(nodes(500, widths)).toBeLessThan(40);
  });
});

test("options that make no quantizer are refused", () => {
  const message = "must be 2 to 16, several of these in ascending order after a 0 or without it, or 32 alone";
  for (const bits of [1, 0, 4.5, 17, [], [0], [4, 2], [2, 2], [4, 32]]) {
    expect(() => uniform({ bits })).toThrow(`bits: ${message}, found ${JSON.stringify(bits)}.`);
  }
  expect(() => uniform({ bits: 4, gate })).toThrow(
    "bits: a gate chooses among widths, and these are a single one, found 4",
  );
  expect(() => uniform({ bits: 4, grids: "absmax" } as never)).toThrow('unknown key "grids" (did you mean grid');
  expect(() => uniform({ bits: 4 }).round({}, ops.ones([1, 3]), true, [17])).toThrow("A grid has 2 to 16 bits, not 17");
});

test("a manifest carries its gate, and its schema knows widths", async () => {
  expect(JSON.parse(JSON.stringify(uniform({ bits: [0, 2], gate })))).toEqual({
    $plugin: "quantizer/uniform",
    options: { bits: [0, 2], gate: { $plugin: "gate/hard-concrete" } },
  });
  const validate = uniform.optionsSchema["~standard"].validate;
  expect(await validate({ bits: 32 })).toEqual({ value: { bits: 32 } });
  expect(await validate({ bits: [0, 2, 4], grid: "absmax" })).toHaveProperty("value");
  for (const options of [{ bits: 1 }, { bits: [2, 32] }, { bits: 4, grid: "lattice" }, { bits: 4, learnRange: true }]) {
    expect(await validate(options)).toHaveProperty("issues");
  }
});
