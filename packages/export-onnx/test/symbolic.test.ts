import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createFitter, evaluate, monomialsOf, type Sizes } from "../src/symbolic/polynomial.ts";
import { fitFill, fitWindow } from "../src/symbolic/tables.ts";

const points: Sizes[] = [
  [2, 11],
  [3, 13],
  [5, 17],
  [2, 19],
  [7, 11],
  [3, 23],
  [5, 29],
  [4, 31],
].map(([batch, sequence]) => ({ batch: batch!, sequence: sequence! }));

describe("createFitter", () => {
  it("finds the polynomial that made the values and predicts it elsewhere", () => {
    const coefficient = fc.integer({ min: -3000, max: 3000 });
    fc.assert(
      fc.property(fc.array(coefficient, { minLength: 6, maxLength: 6 }), fc.nat(200), fc.nat(600), (weights, B, T) => {
        const monomials = monomialsOf(["batch", "sequence"]);
        const made = monomials.map((monomial, index) => ({ monomial, coefficient: weights[index]! }));
        const found = createFitter(points).fit(points.map((sizes) => evaluate(made, sizes)))!;
        expect(evaluate(found, { batch: B, sequence: T })).toBe(evaluate(made, { batch: B, sequence: T }));
      }),
    );
  });

  it("refuses values of a higher degree", () => {
    expect(createFitter(points).fit(points.map(({ sequence }) => sequence! ** 3))).toBeUndefined();
  });

  it("refuses halves", () => {
    expect(createFitter(points).fit(points.map(({ sequence }) => (sequence! - 1) / 2))).toBeUndefined();
  });
});

/** int32 [rows, columns] of some function of the indices. */
function table(rows: number, columns: number, value: (row: number, column: number) => number) {
  const values = Int32Array.from({ length: rows * columns }, (_, index) =>
    value(Math.floor(index / columns), index % columns),
  );
  return { shape: [rows, columns], bytes: new Uint8Array(values.buffer) };
}

describe("fitWindow", () => {
  const fitter = createFitter(points);

  it("finds distances around zero in the middle of the largest table", () => {
    const versions = points.map(({ sequence: T }) => {
      const values = Int32Array.from({ length: 2 * T! - 1 }, (_, index) => index - (T! - 1));
      return { shape: [2 * T! - 1], bytes: new Uint8Array(values.buffer) };
    });
    const window = fitWindow(versions, 4, fitter)!;
    expect(window.whole.shape).toEqual([61]);
    expect(evaluate(window.axes[0]!.start, { batch: 1, sequence: 9 })).toBe(31 - 9);
    expect(evaluate(window.axes[0]!.end, { batch: 1, sequence: 9 })).toBe(31 - 9 + 17);
  });

  it("finds a causal mask at the start of the largest one, on both axes", () => {
    const versions = points.map(({ sequence: T }) => table(T!, T!, (row, column) => (column <= row ? 1 : 0)));
    const { axes } = fitWindow(versions, 4, fitter)!;
    const corner = { batch: 1, sequence: 6 };
    expect(axes.map(({ start, end }) => [evaluate(start, corner), evaluate(end, corner)])).toEqual([
      [0, 6],
      [0, 6],
    ]);
  });

  it("refuses a table that is made anew for every size", () => {
    const versions = points.map(({ sequence: T }) => table(1, T!, (_, column) => column * T!));
    expect(fitWindow(versions, 4, fitter)).toBeUndefined();
  });
});

describe("fitFill", () => {
  const fitter = createFitter(points);

  it("finds one value all over, in a shape that varies", () => {
    const versions = points.map(({ batch, sequence }) => table(batch!, 2 * sequence!, () => 7));
    const { value, shape } = fitFill(versions, 4, fitter)!;
    expect([...value]).toEqual([7, 0, 0, 0]);
    expect(shape.map((size) => evaluate(size, { batch: 9, sequence: 4 }))).toEqual([9, 8]);
  });

  it("refuses a table with one other value", () => {
    const versions = points.map(({ sequence }) => table(2, sequence!, (row, column) => (row + column === 0 ? 1 : 7)));
    expect(fitFill(versions, 4, fitter)).toBeUndefined();
  });
});
