import type { Adapter, AdapterStore, BaseLinear, LinearSite, Method, Parameter } from "@blora/spec";
import { frozenLinear, linear, lowRankLinear, normalValues, ops, type Tensor } from "@blora/tensor";
import { bitCost } from "./bit-cost.ts";
import { createTestContext } from "./context.ts";
import { toTensors, valuesOf } from "./values.ts";

/** Adapters in memory, over frozen weights drawn at random. */
export interface TestStore extends AdapterStore {
  base(path: string): BaseLinear;
  /** Changes values of a parameter in place, as an optimizer would. */
  train(path: string, parameter: string, change: (value: number, index: number) => number): void;
}

/** A frozen linear map with the weight [O, I] and bias [O] of plain numbers. */
export function createTestBase(site: LinearSite, weight: ArrayLike<number>, bias: ArrayLike<number>): BaseLinear {
  const W0 = ops.tensor(Float32Array.from(weight), [site.outFeatures, site.inFeatures]);
  const b = ops.tensor(Float32Array.from(bias));
  return {
    weight: W0,
    apply: (x, other) => (other === undefined ? frozenLinear(x, W0, b) : linear(x, other, b)),
    applyLowRank: (x, A, B) => lowRankLinear(x, W0, b, A, B),
  };
}

/** @param input x [M, I] of a site in the batch that `observe` runs */
export function createTestStore(
  method: Method,
  sites: readonly LinearSite[],
  seed: number,
  input: (site: LinearSite) => Tensor,
): TestStore {
  const adapters = new Map<string, Adapter>(sites.map((site) => [site.path, method.init(site, seed)]));
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

  return {
    sites,
    cost: bitCost,
    base,
    get,
    baseWeight: (path) => weights.get(path)!,
    select: (path, parameter, axis, indices) =>
      replace(path, { [parameter]: selectEntries(get(path).parameters[parameter]!, axis, indices) }),
    update: (path, { parameters = {}, layout }) => replace(path, parameters, layout),
    train(path, parameter, change) {
      const { values } = get(path).parameters[parameter]!;
      for (const [index, value] of values.entries()) values[index] = change(value, index);
    },
    observe: async () =>
      new Map(
        sites.map((site) => {
          const traced = { site, layout: get(site.path).layout, parameters: toTensors(get(site.path).parameters) };
          const seen = method.observe?.(traced, input(site), base(site.path), createTestContext("eval")) ?? {};
          const values = Object.entries(seen).map(([name, value]) => [name, valuesOf(value)[0]!] as const);
          return [site.path, Object.fromEntries(values)];
        }),
      ),
  };
}

function selectEntries({ shape, values, group }: Parameter, axis: number, indices: readonly number[]): Parameter {
  const inner = shape.slice(axis + 1).reduce((product, dimension) => product * dimension, 1);
  const length = shape[axis]!;
  const outer = values.length / (length * inner);
  const selected = new Float32Array(outer * indices.length * inner);
  for (let block = 0; block < outer; block++) {
    for (const [place, index] of indices.entries()) {
      const from = (block * length + index) * inner;
      selected.set(values.subarray(from, from + inner), (block * indices.length + place) * inner);
    }
  }
  return {
    shape: shape.map((dimension, position) => (position === axis ? indices.length : dimension)),
    values: selected,
    group,
  };
}
