import { sizeOf } from "@blora/tensor";
import { byteSize, type ElementType, type Graph, type GraphValue, withoutDeadCode } from "./graph.ts";

/** Types that are fed; others, such as shapes, are computed again. */
const KEPT_TYPES: ReadonlySet<ElementType> = new Set(["float32", "int32", "int8", "uint8"]);

/** A value that is computed once and kept for many runs. */
export interface KeptValue extends GraphValue {
  /** Steady inputs that it follows from, in the order of the graph. */
  readonly reads: readonly string[];
}

/** A graph in two. */
export interface SplitGraph {
  /** What every run computes; kept values are among its inputs. */
  readonly rest: Graph;
  readonly kept: readonly KeptValue[];
  /** The graph that computes some of them from steady inputs. */
  computing(values: readonly GraphValue[]): Graph;
}

/** What a steady value follows from. */
interface Source {
  /** Elements of the largest frozen matrix; 0 without one. */
  readonly matrix: number;
  readonly inputs: ReadonlySet<string>;
}

/**
 * Takes what follows from initializers and steady inputs alone out of a graph: codes of rounded weights, casts of half
 * precision, sums of a weight and its update.
 *
 * @param steady names of graph inputs
 * @param mostCopied bytes that kept values may take; where they take more, float32 copies of frozen matrices are computed on
 *   every run, and the rest is kept
 */
export function splitSteady(graph: Graph, steady: ReadonlySet<string>, mostCopied: number): SplitGraph {
  const sources = steadyValues(graph, steady);
  const all = valuesToKeep(graph, ({ name, type }) => sources.has(name) && KEPT_TYPES.has(type));
  const isSmall = all.reduce((bytes, value) => bytes + byteSize(value), 0) <= mostCopied;
  const values = isSmall
    ? all
    : valuesToKeep(graph, (value) => {
        const source = sources.get(value.name);
        return source !== undefined && KEPT_TYPES.has(value.type) && !isCopy(value, source);
      });
  const names = new Set(values.map(({ name }) => name));
  const nodes = graph.nodes.filter(({ outputs }) => !outputs.some((name) => names.has(name)));
  return {
    rest: withoutDeadCode({ ...graph, nodes, inputs: [...graph.inputs, ...values] }),
    kept: values.map((value) => ({ ...value, reads: [...sources.get(value.name)!.inputs] })),
    computing: (outputs) => withoutDeadCode({ ...graph, outputs }),
  };
}

/** A frozen matrix in float32, rounded or with something added. */
function isCopy(value: GraphValue, { matrix }: Source): boolean {
  return value.type === "float32" && matrix > 0 && sizeOf(value.shape) >= matrix;
}

function steadyValues({ nodes, initializers, inputs }: Graph, steady: ReadonlySet<string>): Map<string, Source> {
  const sources = new Map<string, Source>();
  for (const { name, shape } of initializers) {
    sources.set(name, { matrix: shape.length === 2 ? sizeOf(shape) : 0, inputs: new Set() });
  }
  for (const { name } of inputs) if (steady.has(name)) sources.set(name, { matrix: 0, inputs: new Set([name]) });
  for (const { inputs: read, outputs } of nodes) {
    const found = read.flatMap((name) => sources.get(name) ?? []);
    if (found.length < read.length) continue;
    const source = {
      matrix: Math.max(0, ...found.map(({ matrix }) => matrix)),
      inputs: new Set(found.flatMap(({ inputs: names }) => [...names])),
    };
    for (const name of outputs) sources.set(name, source);
  }
  return sources;
}

/** Of values that may be kept, those that something else is computed from. */
function valuesToKeep({ nodes, outputs }: Graph, mayKeep: (value: GraphValue) => boolean): GraphValue[] {
  const needed = new Set(outputs.map(({ name }) => name));
  const kept: GraphValue[] = [];
  for (const { inputs, outputs: made, values = [] } of nodes.toReversed()) {
    const used = made.flatMap((name, index) => (needed.has(name) ? [values[index]] : []));
    if (used.length === 0) continue;
    const own = used.flatMap((value) => (value !== undefined && mayKeep(value) ? [value] : []));
    if (own.length === used.length) kept.push(...own);
    else for (const name of inputs) needed.add(name);
  }
  return kept.toReversed();
}
