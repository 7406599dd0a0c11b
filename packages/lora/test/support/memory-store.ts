import type { Adapter, AdapterStore, LinearSite, Method, Parameter } from "@blora/spec";
import { ops, sizeOf, type Tensor } from "@blora/tensor";
import { bitCost, createTestContext, toTensors, valuesOf } from "@blora/testing";
import { createBase } from "./base.ts";

/** Adapters in memory, with what a trainer would feed `observe`. */
export interface MemoryStore extends AdapterStore {
  readonly adapters: Map<string, Adapter>;
  /** Paths in the order of the calls that changed something. */
  readonly calls: string[];
}

export interface MemoryStoreOptions {
  readonly seed?: number;
  /** W0 [O, I] of a site; zeros by default. */
  readonly weight?: (site: LinearSite) => Float32Array;
  /** Input [M, I] of a site in an observed batch. */
  readonly input?: (site: LinearSite) => Tensor;
}

export function createMemoryStore(
  method: Method,
  sites: readonly LinearSite[],
  options: MemoryStoreOptions = {},
): MemoryStore {
  const adapters = new Map<string, Adapter>(sites.map((site) => [site.path, method.init(site, options.seed ?? 0)]));
  const calls: string[] = [];
  const weight =
    options.weight ?? (({ inFeatures, outFeatures }: LinearSite) => new Float32Array(inFeatures * outFeatures));

  return {
    sites,
    cost: bitCost,
    adapters,
    calls,
    get: (path) => adapters.get(path)!,
    baseWeight: (path) => weight(sites.find((site) => site.path === path)!),
    select(path, parameter, axis, indices) {
      calls.push(`select ${path}/${parameter}`);
      const { layout, parameters } = adapters.get(path)!;
      adapters.set(path, {
        layout,
        parameters: { ...parameters, [parameter]: selectEntries(parameters[parameter]!, axis, indices) },
      });
    },
    update(path, change) {
      calls.push(`update ${path}`);
      const { layout, parameters } = adapters.get(path)!;
      const changed = Object.entries({ ...parameters, ...change.parameters }).filter(
        (entry): entry is [string, Parameter] => entry[1] !== undefined,
      );
      adapters.set(path, { layout: change.layout ?? layout, parameters: Object.fromEntries(changed) });
    },
    async observe() {
      return new Map(
        sites.map((site) => {
          const { layout, parameters } = adapters.get(site.path)!;
          const base = createBase(site, weight(site));
          const traced = { site, layout, parameters: toTensors(parameters) };
          const records = method.observe!(traced, options.input!(site), base, createTestContext("eval"));
          return [
            site.path,
            Object.fromEntries(Object.entries(records).map(([name, value]) => [name, valuesOf(value)[0]!])),
          ];
        }),
      );
    },
  };
}

function selectEntries({ shape, values, group }: Parameter, axis: number, indices: readonly number[]): Parameter {
  const selected = ops.gather(
    ops.tensor(values, [...shape]),
    ops.tensor([...indices], [indices.length], "int32"),
    axis,
  );
  if (sizeOf(selected.shape) === 0) throw new Error("a parameter must keep at least one entry");
  return { shape: selected.shape, values: Float32Array.from(valuesOf(selected)), group };
}
