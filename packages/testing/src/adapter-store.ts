import type {
  ActivationStatistics,
  Adapter,
  AdapterStore,
  BaseLinear,
  LinearSite,
  Method,
  Parameter,
} from "@blora/spec";
import { frozenLinear, linear, linearWithUpdate, lowRankLinear, normalValues, ops, type Tensor } from "@blora/tensor";
import { bitCost } from "./bit-cost.ts";
import { createTestContext } from "./context.ts";
import { combinedEntries, selectedEntries } from "./entries.ts";
import { toTensors, valuesOf } from "./values.ts";

/** Adapters in memory, over frozen weights drawn at random. */
export interface TestStore extends AdapterStore {
  base(path: string): BaseLinear;
  /** Changes values of a parameter in place, as an optimizer would. */
  train(path: string, parameter: string, change: (value: number, index: number) => number): void;
  /** Adds the gradients of a step, by `path/parameter`, to those whose mean square is `squaredGradients`: zeros without any. */
  recordGradients(gradients: ReadonlyMap<string, Float32Array>): void;
}

/** A frozen linear map with the weight [O, I] and bias [O] of plain numbers. */
export function createTestBase(site: LinearSite, weight: ArrayLike<number>, bias: ArrayLike<number>): BaseLinear {
  const W0 = ops.tensor(Float32Array.from(weight), [site.outFeatures, site.inFeatures]);
  const b = ops.tensor(Float32Array.from(bias));
  return frozenBase(W0, b);
}

/** The frozen linear map under an adapter: weight [O, I], bias [O]. */
export function frozenBase(weight: Tensor, bias?: Tensor): BaseLinear {
  return {
    weight,
    apply(x, replaced, update) {
      if (update !== undefined) return linearWithUpdate(x, replaced ?? weight, bias, update.h, update.B);
      return replaced === undefined ? frozenLinear(x, weight, bias) : linear(x, replaced, bias);
    },
    applyLowRank: (x, A, B) => lowRankLinear(x, weight, bias, A, B),
  };
}

/** Sum of the squares of the gradients of some steps. */
interface Squares {
  readonly steps: number;
  readonly sum: Float32Array;
}

/** @param input x [M, I] of a site in the batch that `observe` runs */
export function createTestStore(
  method: Method,
  sites: readonly LinearSite[],
  seed: number,
  input: (site: LinearSite) => Tensor,
): TestStore {
  const adapters = new Map<string, Adapter>(sites.map((site) => [site.path, method.init(site, seed)]));
  const squares = new Map<string, Squares>();
  const draw = (path: string, size: number): Float32Array => normalValues({ seed, step: 0, path }, size, 0.2);
  const weights = new Map(
    sites.map((site) => [site.path, draw(`${site.path}/W0`, site.inFeatures * site.outFeatures)]),
  );
  const base = (path: string): BaseLinear => {
    const site = sites.find((candidate) => candidate.path === path)!;
    return createTestBase(site, weights.get(path)!, draw(`${path}/bias`, site.outFeatures));
  };
  const get = (path: string): Adapter => adapters.get(path)!;
  const replace = (
    path: string,
    changed: Readonly<Record<string, Parameter | undefined>>,
    layout = get(path).layout,
  ) => {
    const kept = Object.entries({ ...get(path).parameters, ...changed }).filter(
      (entry): entry is [string, Parameter] => entry[1] !== undefined,
    );
    adapters.set(path, { layout, parameters: Object.fromEntries(kept) });
  };
  const changeSquares = (key: string, change: (sum: Float32Array) => Float32Array): void => {
    const known = squares.get(key);
    if (known !== undefined) squares.set(key, { steps: known.steps, sum: change(known.sum) });
  };

  return {
    sites,
    cost: bitCost,
    base,
    get,
    baseWeight: (path) => weights.get(path)!,
    select(path, parameter, axis, indices) {
      const { shape, values, group } = get(path).parameters[parameter]!;
      const take = (all: Float32Array): Float32Array => selectedEntries(all, shape, axis, indices);
      replace(path, { [parameter]: { shape: shape.with(axis, indices.length), values: take(values), group } });
      changeSquares(`${path}/${parameter}`, take);
    },
    recombine(path, parameter, axis, values, gradients) {
      const { shape, values: own } = get(path).parameters[parameter]!;
      own.set(values);
      const squared = gradients.map((row) => row.map((factor) => factor * factor));
      changeSquares(`${path}/${parameter}`, (sum) => combinedEntries(sum, shape, axis, squared));
    },
    squaredGradients(path, parameter) {
      const known = squares.get(`${path}/${parameter}`);
      if (known === undefined) return new Float32Array(get(path).parameters[parameter]!.values.length);
      return known.sum.map((sum) => sum / known.steps);
    },
    update(path, { parameters = {}, layout }) {
      replace(path, parameters, layout);
      for (const name of Object.keys(parameters)) squares.delete(`${path}/${name}`);
    },
    train(path, parameter, change) {
      const { values } = get(path).parameters[parameter]!;
      for (const [index, value] of values.entries()) values[index] = change(value, index);
    },
    recordGradients(gradients) {
      for (const [key, gradient] of gradients) {
        const { steps, sum } = squares.get(key) ?? { steps: 0, sum: new Float32Array(gradient.length) };
        squares.set(key, { steps: steps + 1, sum: sum.map((total, index) => total + gradient[index]! ** 2) });
      }
    },
    async observe() {
      const context = createTestContext("eval");
      const traced = sites.map((site) => {
        const { layout, parameters } = get(site.path);
        return { site, layout, parameters: toTensors(parameters) };
      });
      const prepared = method.prepare?.(traced, context) ?? traced;
      return new Map(
        prepared.map((adapter) => {
          const observed = method.training?.observe?.(adapter, input(adapter.site)) ?? {};
          const numbers = Object.entries(observed).map(([name, statistics]) => [name, numbersOf(statistics)] as const);
          return [adapter.site.path, Object.fromEntries(numbers)];
        }),
      );
    },
  };
}

function numbersOf({ min, max, meanSquare }: ActivationStatistics<Tensor>): ActivationStatistics {
  const numberOf = (scalar: Tensor): number => valuesOf(scalar)[0]!;
  return { min: numberOf(min), max: numberOf(max), meanSquare: numberOf(meanSquare) };
}
