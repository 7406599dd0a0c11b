import type { Adapter, BaseLinear, Context, LinearSite, Method, TracedAdapter } from "@blora/spec";
import { normalValues, ops, type Tensor } from "@blora/tensor";
import { expect } from "vitest";
import { createTestContext } from "../context.ts";
import { toTensors, valuesOf } from "../values.ts";

export const SEED = 7;
const ROWS = 10;

/** What the kit adapts. */
export const SITES: readonly LinearSite[] = [
  { path: "layer.0.query", role: "query", inFeatures: 12, outFeatures: 9 },
  { path: "layer.0.up", role: "up", inFeatures: 9, outFeatures: 16 },
];

/** x [M, I] */
export function inputOf(site: LinearSite): Tensor {
  const values = normalValues({ seed: SEED, step: 0, path: `${site.path}/x` }, ROWS * site.inFeatures);
  return ops.tensor(values, [ROWS, site.inFeatures]);
}

/** What a run is trained towards, [M, O]: far enough from the base model that something must change. */
export function targetOf(site: LinearSite): Tensor {
  const values = normalValues({ seed: SEED, step: 0, path: `${site.path}/y` }, ROWS * site.outFeatures);
  return ops.tensor(values, [ROWS, site.outFeatures]);
}

/** Adapters as they are at one moment, by site path. */
export type Adapters = ReadonlyMap<string, Adapter>;

export function traceAdapter(site: LinearSite, adapters: Adapters): TracedAdapter {
  const { layout, parameters } = adapters.get(site.path)!;
  return { site, layout, parameters: toTensors(parameters) };
}

/** Evaluation draws no noise. */
export function evaluationContext(): Context {
  return createTestContext("eval", { uniform: (path) => expect.fail(`${path} drew noise in evaluation`) });
}

/** Prepares adapters and applies each to the input of its site: outputs [M, O] by path, in the order prepared. */
export function applyAll(
  method: Method,
  adapters: readonly TracedAdapter[],
  base: (path: string) => BaseLinear,
  context: Context,
): Map<string, Tensor> {
  const prepared = method.prepare?.(adapters, context) ?? adapters;
  return new Map(
    prepared.map((adapter) => {
      const { site } = adapter;
      return [site.path, method.apply(adapter, inputOf(site), base(site.path), context)];
    }),
  );
}

/** Values of the outputs of every site, by path; a zero has no sign. */
export function outputValues(
  method: Method,
  adapters: Adapters,
  base: (path: string) => BaseLinear,
  context: Context,
  sites: readonly LinearSite[] = SITES,
): [path: string, values: number[]][] {
  const traced = sites.map((site) => traceAdapter(site, adapters));
  return [...applyAll(method, traced, base, context)].map(([path, y]) => [path, unsignedZeros(valuesOf(y))]);
}

export function unsignedZeros(values: ArrayLike<number>): number[] {
  return Array.from(values, (value) => value + 0);
}

export function expectFinite(values: ArrayLike<number>, what: string): void {
  for (const value of Array.from(values)) expect(Number.isFinite(value), `${what} is ${value}`).toBe(true);
}
