import { type Component, FLOAT_BITS, type ParameterRecord } from "@blora/spec";
import { normalValues, ops, sizeOf, type Tensor, type TensorRecord, valueAndGradients } from "@blora/tensor";
import { describe, expect, test } from "vitest";
import { createTestContext } from "./context.ts";
import { useCpuBackend } from "./cpu-backend.ts";
import { testManifest } from "./test-manifest.ts";
import { expectAllClose, toTensors, valuesOf } from "./values.ts";

export interface QuantizerKitOptions {
  /** Largest rounding error at a width, in units of the largest magnitude the range was set from. Omit where levels are not evenly spaced. */
  readonly maximumError?: (bits: number, signed: boolean) => number;
  /** Whether values inside the range have the gradient 1 and values far outside 0. Default true. */
  readonly straightThrough?: boolean;
}

const SIZE = 64;

/** Values whose largest magnitude is 1, all ≥ 0 unless signed. */
function sampleValues(signed: boolean): Float32Array {
  const normal = normalValues({ seed: 5, step: 0, path: "quantizer-kit" }, SIZE, 0.4);
  const largest = normal.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return normal.map((value) => (signed ? value : Math.abs(value)) / largest);
}

/** Half the distance between evenly spaced levels over [-1, 1] or [0, 1]. */
export function halfUniformStep(bits: number, signed: boolean): number {
  return (signed ? 1 : 0.5) / (2 ** bits - 1);
}

/** Registers the laws every quantizer keeps. Call it at the top level of a test file. */
export function testQuantizer(quantizer: Component<"quantizer">, options: QuantizerKitOptions = {}): void {
  const { maximumError, straightThrough = true } = options;
  const evaluation = createTestContext("eval", { uniform: () => expect.fail("noise was drawn in evaluation") });
  const widths = quantizer.bitWidths;

  describe("quantizer laws", () => {
    useCpuBackend();
    testManifest(quantizer, "quantizer");

    test("bit widths ascend, and evaluation starts at one of them", () => {
      expect([...widths].sort((a, b) => a - b)).toEqual([...widths]);
      expect(widths).toContain(quantizer.bits(quantizer.init({ values: sampleValues(true), signed: true })));
    });

    for (const signed of [true, false]) {
      const values = sampleValues(signed);
      const start = quantizer.init({ values, signed });
      const fixedAt = (parameters: ParameterRecord, x: Tensor, bits: number): Tensor =>
        quantizer.quantizeFixed(toTensors(parameters), x, signed, bits);

      describe(signed ? "signed" : "unsigned", () => {
        test("keeps the shape in every mode", () => {
          for (const shape of [[SIZE], [4, 16], [2, 4, 8], [SIZE, 1]]) {
            const x = ops.tensor(values, shape);
            const parameters = toTensors(start);
            for (const context of [evaluation, createTestContext("train")]) {
              expect(quantizer.quantize(parameters, x, signed, context, "site/x").shape).toEqual(shape);
            }
            expect(fixedAt(start, x, widths[0]!).shape).toEqual(shape);
          }
        });

        test("maps zero to zero", () => {
          const x = ops.tensor([0, ...values]);
          for (const bits of widths) expect(valuesOf(fixedAt(start, x, bits))[0]).toBeCloseTo(0, 12);
          const sampled = quantizer.quantize(toTensors(start), x, signed, createTestContext("train"), "site/x");
          expect(valuesOf(sampled)[0]).toBeCloseTo(0, 12);
        });

        test("an all-zero tensor stays zero and has finite gradients", () => {
          const zeros = quantizer.init({ values: new Float32Array(SIZE), signed });
          expectFinite(zeros);
          const x = ops.zeros([SIZE]);
          for (const bits of widths) expectAllClose(fixedAt(zeros, x, bits), new Float32Array(SIZE));
          const { gradients } = lossGradients(zeros, x, (parameters, input) =>
            quantizer.quantize(parameters, input, signed, createTestContext("train"), "site/x"),
          );
          for (const gradient of gradients) expectAllFinite(gradient);
        });

        test("is idempotent at a fixed width", () => {
          for (const bits of widths) {
            const once = fixedAt(start, ops.tensor(values), bits);
            expectAllClose(fixedAt(start, once, bits), once);
          }
        });

        test("never swaps two values and has at most 2^b levels", () => {
          const rising = Float32Array.from({ length: 4001 }, (_, index) => (index - 2000) / 1600);
          for (const bits of widths) {
            const rounded = Array.from(valuesOf(fixedAt(start, ops.tensor(rising), bits)));
            for (const [index, value] of rounded.entries()) {
              expect(value).toBeGreaterThanOrEqual(rounded[index - 1] ?? value);
            }
            expect(new Set(rounded).size).toBeLessThanOrEqual(2 ** bits);
          }
        });

        if (maximumError !== undefined) {
          test("the rounding error inside the range stays below its bound", () => {
            for (const bits of widths) {
              const bound = maximumError(bits, signed) + 1e-6;
              const rounded = valuesOf(fixedAt(start, ops.tensor(values), bits));
              for (const [index, value] of values.entries()) {
                expect(Math.abs(rounded[index]! - value)).toBeLessThanOrEqual(bound);
              }
            }
          });
        }

        test("32 bits leave every value as it is", () => {
          expect(valuesOf(fixedAt(start, ops.tensor(values), FLOAT_BITS))).toEqual(values);
        });

        test("evaluation is the fixed width that `bits` reports", () => {
          const x = ops.tensor(values);
          const evaluated = quantizer.quantize(toTensors(start), x, signed, evaluation, "site/x");
          expectAllClose(evaluated, fixedAt(start, x, quantizer.bits(start)));
        });

        test("codes give the values of a fixed width bit for bit, and again when they are encoded anew", () => {
          if (quantizer.encode === undefined) return;
          for (const bits of widths) {
            const encoded = quantizer.encode(start, values, signed, bits);
            if (encoded === undefined) continue;
            const decoded = Float32Array.from(encoded.codes, (code) => code * encoded.scale);
            expect(decoded).toEqual(withoutSignedZeros(valuesOf(fixedAt(start, ops.tensor(values), bits))));
            expect(withoutSignedZeros(valuesOf(fixedAt(start, ops.tensor(decoded), bits)))).toEqual(decoded);
            for (const code of encoded.codes) {
              expect(code).toBeGreaterThanOrEqual(signed ? -(2 ** (bits - 1)) : 0);
              expect(code).toBeLessThan(signed ? 2 ** (bits - 1) : 2 ** bits);
            }
          }
        });

        test("a widened range rounds values that outgrew it as a fresh one does, and is not narrowed by small ones", () => {
          if (quantizer.widen === undefined) return;
          const grown = values.map((value) => 3 * value);
          const widened = structuredClone(start);
          quantizer.widen(widened, { values: grown, signed });
          const fresh = quantizer.init({ values: grown, signed });
          for (const bits of widths) {
            expectAllClose(
              fixedAt(widened, ops.tensor(grown), bits),
              valuesOf(fixedAt(fresh, ops.tensor(grown), bits)),
            );
          }
          const again = structuredClone(widened);
          quantizer.widen(again, { values, signed });
          expect(again).toEqual(widened);
        });

        test("equal noise gives equal values", () => {
          const x = ops.tensor(values);
          const draw = (): ArrayLike<number> =>
            valuesOf(
              quantizer.quantize(toTensors(start), x, signed, createTestContext("train", { seed: 4 }), "site/x"),
            );
          expect(draw()).toEqual(draw());
        });

        test("noise is asked for once a path, and paths start with the given one", () => {
          const asked: string[] = [];
          const context = createTestContext("train", {
            uniform: (path, size) => {
              asked.push(path);
              return new Float32Array(size).fill(0.5);
            },
          });
          quantizer.quantize(toTensors(start), ops.tensor(values), signed, context, "site/x");
          expect(new Set(asked).size).toBe(asked.length);
          for (const path of asked) expect(path.startsWith("site/x")).toBe(true);
        });

        if (straightThrough) {
          test("the gradient by x is 1 inside the range and 0 outside", () => {
            const x = ops.tensor(signed ? [-7, -0.4, -0.1, 0.2, 0.6, 7] : [-7, 0.1, 0.4, 0.2, 0.6, 7]);
            const expected = signed ? [0, 1, 1, 1, 1, 0] : [0, 1, 1, 1, 1, 0];
            const parameters = toTensors(start);
            for (const bits of widths) {
              const { gradients } = valueAndGradients(
                (input) => ops.sum(quantizer.quantizeFixed(parameters, input, signed, bits)),
                [x],
              );
              expectAllClose(gradients[0]!, expected);
            }
            const { gradients } = valueAndGradients(
              (input) => ops.sum(quantizer.quantize(parameters, input, signed, createTestContext("train"), "site/x")),
              [x],
            );
            expectAllClose(gradients[0]!, expected);
          });
        }

        test("every trainable parameter has a finite gradient", () => {
          for (let seed = 0; seed < 20; seed++) {
            const context = createTestContext("train", { seed });
            const { gradients, names } = lossGradients(start, ops.tensor(values), (parameters, x) =>
              quantizer.quantize(parameters, x, signed, context, "site/x"),
            );
            gradients.forEach((gradient, index) => {
              expectAllFinite(gradient);
              if (index > 0) expect(gradient.shape).toEqual([...start[names[index - 1]!]!.shape]);
            });
          }
        });

        test("expected bits lie within the widths and pull at every gate", () => {
          const expected = valuesOf(quantizer.expectedBits(toTensors(start)))[0]!;
          expect(expected).toBeGreaterThanOrEqual(widths[0]! - 1e-5);
          expect(expected).toBeLessThanOrEqual(widths[widths.length - 1]! + 1e-5);
          for (const [name, parameter] of Object.entries(start)) {
            if (parameter.group !== "gates") continue;
            const others = toTensors(start);
            const { gradients } = valueAndGradients(
              (gates) => quantizer.expectedBits({ ...others, [name]: gates }),
              [others[name]!],
            );
            for (const gradient of Array.from(valuesOf(gradients[0]!))) expect(gradient).toBeGreaterThan(0);
          }
        });

        if (quantizer.drawAll !== undefined) {
          const alike = createTestContext("train", { uniform: (_, size) => new Array<number>(size).fill(0.3) });

          test("gates of several tensors drawn together round as those of each", () => {
            for (const context of [alike, evaluation]) {
              const round = (parameters: TensorRecord) =>
                valuesOf(quantizer.quantize(parameters, ops.tensor(values), signed, context, "site/x"));
              for (const some of severalTensors(start)) {
                const drawn = quantizer.drawAll!(some, context, "site");
                expect(drawn.map(round)).toEqual(some.map(round));
              }
            }
          });

          test("gates of several tensors drawn together have the gradients of those of each", () => {
            const x = ops.tensor(values);
            const round = (own: TensorRecord, input: Tensor) => quantizer.quantize(own, input, signed, alike, "site/x");
            const alone = lossGradients(start, x, round).gradients;
            const other = severalTensors(start)[0]![1]!;
            for (const before of [[], [other]]) {
              for (const after of [[], [other]]) {
                const draw = (own: TensorRecord) =>
                  quantizer.drawAll!([...before, own, ...after], alike, "site")[before.length]!;
                const together = lossGradients(start, x, (own, input) => round(draw(own), input)).gradients;
                for (const [index, gradient] of together.entries()) {
                  expectAllClose(gradient, valuesOf(alone[index]!), { relative: 1e-5 });
                }
              }
            }
          });
        }

        if (quantizer.expectedBitsOfAll !== undefined) {
          test("expected bits of several tensors are those of each", () => {
            for (const some of severalTensors(start)) {
              const expected = some.map((parameters) => valuesOf(quantizer.expectedBits(parameters))[0]);
              expect(quantizer.expectedBitsOfAll!(some).map((bits) => valuesOf(bits)[0])).toEqual(expected);
            }
          });
        }
      });
    }
  });
}

/** The parameters of two tensors that differ, and those of one alone. */
function severalTensors(start: ParameterRecord): TensorRecord[][] {
  const wider = Object.entries(toTensors(start)).map(([name, tensor]) => [name, ops.add(tensor, 0.5)] as const);
  return [[toTensors(start), Object.fromEntries(wider)], [toTensors(start)]];
}

/** Gradients of Σ (Q(x) - c)² by x, then by each trained parameter; c keeps the error from vanishing. */
function lossGradients(
  parameters: ParameterRecord,
  x: Tensor,
  quantize: (parameters: Record<string, Tensor>, x: Tensor) => Tensor,
): { gradients: Tensor[]; names: string[] } {
  const tensors = toTensors(parameters);
  const names = Object.keys(parameters).filter((name) => parameters[name]!.group !== "frozen");
  const { gradients } = valueAndGradients(
    (input, ...trained) => {
      const named = Object.fromEntries(names.map((name, index) => [name, trained[index]!]));
      return ops.sum(ops.square(ops.sub(quantize({ ...tensors, ...named }, input!), 0.3)));
    },
    [x, ...names.map((name) => tensors[name]!)],
  );
  return { gradients, names };
}

/** Whole numbers have one zero. */
function withoutSignedZeros(values: ArrayLike<number>): Float32Array {
  return Float32Array.from(values, (value) => value + 0);
}

function expectFinite(parameters: ParameterRecord): void {
  for (const [name, { shape, values }] of Object.entries(parameters)) {
    expect(values.length, name).toBe(sizeOf(shape));
    for (const value of values) expect(Number.isFinite(value), `${name} is ${value}`).toBe(true);
  }
}

function expectAllFinite(tensor: Tensor): void {
  for (const value of Array.from(valuesOf(tensor))) expect(Number.isFinite(value), `gradient ${value}`).toBe(true);
}
