import type { Assembler } from "../graph/assembler.ts";
import { constantOf, type Monomial, type Polynomial } from "./polynomial.ts";

/** Where a dimension can be read from while the graph runs. */
export interface DimensionSource {
  readonly dimension: string;
  /** Graph input and the axis of it. */
  readonly input: string;
  readonly axis: number;
}

/** Emits the nodes that compute sizes from the shapes of the inputs. */
export interface SizeEmitter {
  /** Name of an int64 list of these values. */
  vector(entries: readonly Polynomial[]): string;
  /** Name of one of them as a scalar of type int32. */
  scalar(entry: Polynomial): string;
}

export function createSizeEmitter(assembler: Assembler, sources: readonly DimensionSource[]): SizeEmitter {
  const dimensions = memoized((name: string) => {
    const { input, axis } = sources.find(({ dimension }) => dimension === name)!;
    return assembler.node("Shape", [input], { attributes: { start: axis, end: axis + 1 } });
  });
  const products = memoized((key: string) =>
    key
      .split(" ")
      .map(dimensions)
      .reduce((a, b) => assembler.node("Mul", [a, b])),
  );
  const one = ({ coefficient, monomial }: Polynomial[number]): string => {
    if (monomial.length === 0) return assembler.integers([coefficient]);
    const product = products(monomialKey(monomial));
    return coefficient === 1 ? product : assembler.node("Mul", [product, assembler.integers([coefficient])]);
  };
  const entry = memoized((key: string) =>
    (JSON.parse(key) as Polynomial).map(one).reduce((a, b) => assembler.node("Add", [a, b])),
  );
  const vectorOf = memoized((key: string) => {
    const entries = JSON.parse(key) as Polynomial[];
    const constants = entries.map(constantOf);
    if (constants.every((value) => value !== undefined)) return assembler.integers(constants);
    const parts = entries.map((polynomial, index) => {
      const constant = constants[index];
      return constant === undefined ? entry(JSON.stringify(polynomial)) : assembler.integers([constant]);
    });
    return parts.length === 1 ? parts[0]! : assembler.node("Concat", parts, { attributes: { axis: 0 } });
  });
  return {
    vector: (entries) => vectorOf(JSON.stringify(entries)),
    scalar(polynomial) {
      const value = assembler.node("Squeeze", [vectorOf(JSON.stringify([polynomial])), assembler.integers([0])]);
      return assembler.node("Cast", [value], { attributes: { to: 6 } });
    },
  };
}

function monomialKey(monomial: Monomial): string {
  return monomial.join(" ");
}

/** Sizes are few and used often: each is computed once. */
function memoized(compute: (key: string) => string): (key: string) => string {
  const known = new Map<string, string>();
  return (key) => {
    const name = known.get(key) ?? compute(key);
    known.set(key, name);
    return name;
  };
}
