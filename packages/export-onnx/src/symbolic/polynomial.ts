/** Sizes a trace was made at, by dimension name (`batch`, `sequence`, …). */
export type Sizes = Readonly<Record<string, number>>;

/** A product of up to two dimensions; none is the constant 1. */
export type Monomial = readonly string[];

/** Σ coefficient · monomial. Terms with coefficient 0 are left out. */
export type Polynomial = readonly { readonly coefficient: number; readonly monomial: Monomial }[];

/** Turns values of an integer at several sizes into the polynomial they come from. */
export interface Fitter {
  /** @returns undefined where no polynomial of degree two with whole coefficients gives all values */
  fit(values: readonly number[]): Polynomial | undefined;
}

/** 1, then every dimension, then every product of two. */
export function monomialsOf(dimensions: readonly string[]): Monomial[] {
  const pairs = dimensions.flatMap((a, index) => dimensions.slice(index).map((b) => [a, b]));
  return [[], ...dimensions.map((name) => [name]), ...pairs];
}

export function evaluate(polynomial: Polynomial, sizes: Sizes): number {
  return polynomial.reduce((sum, { coefficient, monomial }) => sum + coefficient * productOf(monomial, sizes), 0);
}

/** The value of a polynomial without dimensions, undefined of any other. */
export function constantOf(polynomial: Polynomial): number | undefined {
  if (polynomial.length === 0) return 0;
  const [only] = polynomial;
  return polynomial.length === 1 && only!.monomial.length === 0 ? only!.coefficient : undefined;
}

/**
 * A fitter for traces made at `points`. As many points as there are monomials
 * decide the coefficients; the others must agree.
 */
export function createFitter(points: readonly Sizes[]): Fitter {
  const monomials = monomialsOf(Object.keys(points[0]!));
  const deciding = points.slice(0, monomials.length);
  const inverse = inverted(deciding.map((sizes) => monomials.map((monomial) => productOf(monomial, sizes))));
  return {
    fit(values) {
      const first = values[0]!;
      if (values.every((value) => value === first)) return termsOf([[], first]);
      const polynomial = termsOf(
        ...monomials.map((monomial, term): [Monomial, number] => {
          const coefficient = inverse[term]!.reduce((sum, weight, point) => sum + weight * values[point]!, 0);
          return [monomial, Math.round(coefficient)];
        }),
      );
      return points.every((sizes, point) => evaluate(polynomial, sizes) === values[point]) ? polynomial : undefined;
    },
  };
}

function termsOf(...terms: [Monomial, number][]): Polynomial {
  return terms.flatMap(([monomial, coefficient]) => (coefficient === 0 ? [] : [{ monomial, coefficient }]));
}

function productOf(monomial: Monomial, sizes: Sizes): number {
  return monomial.reduce((product, dimension) => product * sizes[dimension]!, 1);
}

/** Gauss-Jordan with row exchange. @throws Error where the points do not tell the monomials apart */
function inverted(matrix: readonly (readonly number[])[]): number[][] {
  const size = matrix.length;
  const rows = matrix.map((row, index) => [...row, ...Array.from({ length: size }, (_, j) => (j === index ? 1 : 0))]);
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row;
    }
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    const lead = rows[column]![column]!;
    if (Math.abs(lead) < 1e-9) throw new Error("the sizes traced at do not tell their products apart");
    rows[column] = rows[column]!.map((value) => value / lead);
    for (let row = 0; row < size; row++) {
      const factor = rows[row]![column]!;
      if (row !== column && factor !== 0)
        rows[row] = rows[row]!.map((value, index) => value - factor * rows[column]![index]!);
    }
  }
  return rows.map((row) => row.slice(size));
}
