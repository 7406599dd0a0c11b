import { bops } from "@blora/bops";
import type { Adapter, Feed, LinearSite, Method, Parameter, StepDefinition, TracedAdapter } from "@blora/spec";
import { normalValues, type TensorRecord } from "@blora/tensor";
import { frozenBase } from "@blora/testing";
import { type EncoderShape, encoderStep, SITES, siteShape } from "./encoder.ts";
import { createMethodStore } from "./method-store.ts";

/** A moment of a run: its step of ten, one of which warms up, five learn gates and four settle. */
export const MOMENTS = { warmup: 0, gates: 1, settle: 6 } as const;
export const PHASES = { warmup: 0.1, gates: 0.5, settle: 0.4 };

export interface MethodStep {
  readonly step: StepDefinition;
  readonly feeds: Readonly<Record<string, Feed>>;
  readonly trainable: Readonly<Record<string, Float32Array>>;
}

/** The encoder of `encoder.ts` with every site adapted by a method, as it is at a moment of its run. */
export async function methodStep(
  shape: EncoderShape,
  method: Method,
  moment: keyof typeof MOMENTS,
): Promise<MethodStep> {
  const sites = sitesOf(shape);
  const tracedAdapters = (values: TensorRecord): TracedAdapter[] =>
    sites.map((site) => {
      const { layout, parameters } = adapters.get(site.path)!;
      const own = Object.keys(parameters).map((name) => [name, values[`${site.path}/${name}`]!] as const);
      return { site, layout, parameters: Object.fromEntries(own) };
    });
  const encoder = encoderStep(shape, ({ input, trainable, context }) => {
    const traced = tracedAdapters({ ...input, ...trainable });
    const prepared = method.prepare?.(traced, context) ?? traced;
    const adapterAt = new Map(prepared.map((adapter) => [adapter.site.path, adapter]));
    return {
      apply: (path, x, weight, bias) => method.apply(adapterAt.get(path)!, x, frozenBase(weight, bias), context),
      penalty: method.training?.penalty?.(traced, bops()),
    };
  });
  // The step is traced later: it finds the adapters that are made here.
  const weightOf = (path: string) => encoder.step.frozen.get(`${path}.weight`)!.source as Float32Array;
  const adapters = await adaptersAt(sites, method, moment, weightOf);
  const named = [...adapters].flatMap(([path, { parameters }]) =>
    Object.entries(parameters).map(([name, parameter]) => [`${path}/${name}`, parameter] as const),
  );
  const isTrained = ([, { group }]: readonly [string, Parameter]) => group !== "frozen";
  const trained = named.filter(isTrained);
  const constant = named.filter((entry) => !isTrained(entry));
  return {
    step: {
      ...encoder.step,
      inputs: {
        ...encoder.step.inputs,
        ...Object.fromEntries(constant.map(([name, { shape }]) => [name, { shape, dtype: "float32" as const }])),
      },
      trainable: { classifier: encoder.step.trainable.classifier!, ...record(trained, ({ shape }) => shape) },
    },
    feeds: { ...encoder.feeds, ...record(constant, ({ values }) => values) },
    trainable: { classifier: encoder.trainable.classifier!, ...record(trained, ({ values }) => values) },
  };
}

function record<Value>(entries: readonly (readonly [string, Parameter])[], of: (parameter: Parameter) => Value) {
  return Object.fromEntries(entries.map(([name, parameter]) => [name, of(parameter)]));
}

function sitesOf({ hidden, layers }: EncoderShape): LinearSite[] {
  return Array.from({ length: layers }, (_, layer) =>
    SITES.map((role): LinearSite => {
      const [outFeatures, inFeatures] = siteShape(role, hidden);
      return { path: `${layer}.${role}`, role, inFeatures, outFeatures };
    }),
  ).flat();
}

/** Matrices as if trained, each component half as strong as the one before. */
async function adaptersAt(
  sites: readonly LinearSite[],
  method: Method,
  moment: keyof typeof MOMENTS,
  baseWeight: (path: string) => Float32Array,
): Promise<ReadonlyMap<string, Adapter>> {
  const adapters = new Map(sites.map((site) => [site.path, method.init(site, 1)]));
  for (const [path, { parameters }] of adapters) {
    const { values, shape } = parameters.B!;
    const drawn = normalValues({ seed: 1, step: 0, path: `${path}/B` }, values.length, 0.02);
    values.set(drawn.map((value, index) => value / 2 ** (index % shape[1]!)));
  }
  const store = createMethodStore(sites, adapters, baseWeight);
  for (const step of [MOMENTS.warmup, MOMENTS.gates, MOMENTS.settle].filter((step) => step <= MOMENTS[moment])) {
    await method.training?.beforeStep?.(store, { step, totalSteps: 10, seed: 1 });
  }
  return adapters;
}
