import { bops } from "@blora/bops";
import type { ActivationStatistics, Adapter, AdapterChange, AdapterStore, LinearSite, Parameter } from "@blora/spec";

/** Of every activation, as if a method had observed it. */
const OBSERVED: ActivationStatistics = { min: -3, max: 3, meanSquare: 1 };

/** Adapters in memory, as a method finds them in a run: no optimizer, and activations of a fixed size. */
export function createMethodStore(
  sites: readonly LinearSite[],
  adapters: Map<string, Adapter>,
  baseWeight: (path: string) => Float32Array,
): AdapterStore {
  const parameter = (path: string, name: string): Parameter => adapters.get(path)!.parameters[name]!;
  const update = (path: string, changed: AdapterChange): void => {
    const { layout, parameters } = adapters.get(path)!;
    const kept = Object.entries({ ...parameters, ...changed.parameters }).filter(
      (entry): entry is [string, Parameter] => entry[1] !== undefined,
    );
    adapters.set(path, { layout: changed.layout ?? layout, parameters: Object.fromEntries(kept) });
  };
  return {
    sites,
    cost: bops(),
    get: (path) => adapters.get(path)!,
    baseWeight,
    update,
    select(path, name, axis, indices) {
      const { values, shape, group } = parameter(path, name);
      const [rows = 1, columns = 1] = shape;
      const keptRows = axis === 0 ? indices : [...Array(rows).keys()];
      const keptColumns = axis === 1 ? indices : [...Array(columns).keys()];
      const kept = keptRows.flatMap((row) => keptColumns.map((column) => values[row * columns + column]!));
      update(path, {
        parameters: { [name]: { values: Float32Array.from(kept), shape: shape.with(axis, indices.length), group } },
      });
    },
    recombine: (path, name, _axis, values) => parameter(path, name).values.set(values),
    squaredGradients: (path, name) => new Float32Array(parameter(path, name).values.length).fill(1),
    observe: async () => new Map(sites.map(({ path }) => [path, { input: OBSERVED, afterA: OBSERVED }])),
  };
}
