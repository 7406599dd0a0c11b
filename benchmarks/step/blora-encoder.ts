import { bops } from "@blora/bops";
import type {
  Adapter,
  AdapterChange,
  AdapterStore,
  Feed,
  LinearSite,
  Method,
  Parameter,
  StepDefinition,
  TracedAdapter,
} from "@blora/spec";
import { frozenLinear, linear, lowRankLinear, type Tensor, type TensorRecord } from "@blora/tensor";
import { type EncoderShape, encoderStep, SITES, siteShape } from "./encoder.ts";

/** A moment of a run: its step of ten, one of which warms up, five learn gates and four settle. */
export const MOMENTS = { warmup: 0, gates: 1, settle: 6 } as const;
export const PHASES = { warmup: 0.1, gates: 0.5, settle: 0.4 };

/** Ranges of activations, as a method observes them. */
const OBSERVED = Object.fromEntries(
  ["input", "afterA", "afterE"].flatMap((name) => [
    [`${name}.min`, -3],
    [`${name}.max`, 3],
  ]),
);

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
  const adapters = await adaptersAt(shape, method, moment);
  const named = [...adapters].flatMap(([path, { parameters }]) =>
    Object.entries(parameters).map(([name, parameter]) => [`${path}/${name}`, parameter] as const),
  );
  const isTrained = ([, { group }]: readonly [string, Parameter]) => group !== "frozen";
  const trained = named.filter(isTrained);
  const constant = named.filter((entry) => !isTrained(entry));
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
      apply: (path, x, weight, bias) => method.apply(adapterAt.get(path)!, x, baseOf(weight, bias), context),
      penalty: method.penalty?.(traced, bops()),
    };
  });
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

/** Matrices as if trained; half of the gates of each chain open where they are made hard. */
async function adaptersAt(
  shape: EncoderShape,
  method: Method,
  moment: keyof typeof MOMENTS,
): Promise<ReadonlyMap<string, Adapter>> {
  const sites = sitesOf(shape);
  const adapters = new Map(sites.map((site) => [site.path, method.init(site, 1)]));
  for (const { parameters } of adapters.values()) {
    const { values } = parameters.B!;
    for (const index of values.keys()) values[index] = 0.02 * Math.sin(index);
  }
  const store = createStore(sites, adapters);
  const goTo = (step: number) => method.beforeStep?.(store, { step, totalSteps: 10, seed: 1 });
  await goTo(Math.min(MOMENTS[moment], MOMENTS.gates));
  if (moment !== "settle") return adapters;
  for (const { parameters } of adapters.values()) {
    for (const { group, values } of Object.values(parameters)) {
      if (group === "gates") values.fill(6).fill(-6, Math.ceil(values.length / 2));
    }
  }
  await goTo(MOMENTS.settle);
  return adapters;
}

function createStore(sites: readonly LinearSite[], adapters: Map<string, Adapter>): AdapterStore {
  const replace = (path: string, changed: AdapterChange) => {
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
    baseWeight: () => Float32Array.of(-0.2, 0.2),
    select(path, name, axis, indices) {
      const { values, shape, group } = adapters.get(path)!.parameters[name]!;
      const width = axis === 0 ? values.length / shape[0]! : 1;
      const kept = values.filter((_, index) => indices.includes(Math.floor(index / width) % shape[axis]!));
      replace(path, { parameters: { [name]: { values: kept, shape: shape.with(axis, indices.length), group } } });
    },
    update: replace,
    observe: async () => new Map(sites.map(({ path }) => [path, OBSERVED])),
  };
}

function baseOf(weight: Tensor, bias: Tensor) {
  return {
    weight,
    apply: (x: Tensor, other?: Tensor) =>
      other === undefined ? frozenLinear(x, weight, bias) : linear(x, other, bias),
    applyLowRank: (x: Tensor, A: Tensor, B: Tensor) => lowRankLinear(x, weight, bias, A, B),
  };
}
