import type { Component, Context, LinearSite, Method, ParameterGroup, SiteUsage, TracedAdapter } from "@blora/spec";
import { normalValues, ops, sizeOf, type Tensor, valueAndGradients } from "@blora/tensor";
import { describe, expect, test } from "vitest";
import { createTestStore, type TestStore } from "./adapter-store.ts";
import { bitCost } from "./bit-cost.ts";
import { createTestContext } from "./context.ts";
import { useCpuBackend } from "./cpu-backend.ts";
import { testManifest } from "./test-manifest.ts";
import { expectAllClose, toTensors, valuesOf } from "./values.ts";

export interface MethodKitOptions {
  /** Whether `export` says all that evaluation computes. False where activations or the base weight are rounded too. Default true. */
  readonly exactExport?: boolean;
  /** Steps of the run the kit trains, enough to pass through every phase. Default 40. */
  readonly steps?: number;
}

const ROWS = 10;
const SEED = 7;
const LEARNING_RATE = 0.05;
/** Fast enough to close gates within the run. */
const GATE_RATE = 0.25;
const SITES: readonly LinearSite[] = [
  { path: "layer.0.query", role: "query", inFeatures: 12, outFeatures: 9 },
  { path: "layer.0.up", role: "up", inFeatures: 9, outFeatures: 16 },
];

/** Registers the laws every method keeps, before, during and after a short run. Call it at the top level of a test file. */
export function testMethod(method: Component<"method">, options: MethodKitOptions = {}): void {
  const { exactExport = true, steps = 40 } = options;
  /** A baseline may leave its sites untouched. */
  const adapts = Object.keys(method.init(SITES[0]!, SEED).parameters).length > 0;
  const newStore = (): TestStore => createTestStore(method, SITES, SEED, inputOf);

  describe("method laws", () => {
    useCpuBackend();
    testManifest(method, "method");

    test("step 0 computes exactly the base model, in training too", () => {
      const store = newStore();
      for (const site of SITES) {
        const expected = Array.from(valuesOf(store.base(site.path).apply(inputOf(site))));
        expect(Array.from(valuesOf(output(method, store, site, "eval")))).toEqual(expected);
        expect(Array.from(valuesOf(output(method, store, site, "train")))).toEqual(expected);
      }
    });

    test("starting values depend on the seed and the site alone", () => {
      const start = (site: LinearSite, seed: number): string => JSON.stringify(method.init(site, seed));
      expect(start(SITES[0]!, 1)).toBe(start(SITES[0]!, 1));
      expect(start(SITES[0]!, 1) !== start(SITES[0]!, 2)).toBe(adapts);
      expect(start({ ...SITES[0]!, path: "layer.1.query" }, 1) !== start(SITES[0]!, 1)).toBe(adapts);
    });

    test("at the start no matrix of the baseline costs more than there", () => {
      const store = newStore();
      for (const site of SITES) {
        const baseline = method.baselineUsage(site);
        const start = method.usage(site, store.get(site.path));
        expectValidUsage(baseline);
        for (const { matrix } of baseline.matmuls) {
          expect(priceOf(start, matrix), matrix).toBeLessThanOrEqual(priceOf(baseline, matrix));
        }
      }
    });

    test("a whole run stays finite, trains every group, and is described and exported as it is evaluated", async () => {
      const store = newStore();
      const trained = new Map<string, { present: Set<ParameterGroup>; reached: Set<ParameterGroup> }>();
      for (let step = 0; step < steps; step++) {
        const progress = { step, totalSteps: steps, seed: SEED };
        const before = SITES.map((site) => JSON.stringify(store.get(site.path).layout));
        await method.beforeStep?.(store, progress);
        const changed = SITES.some((site, index) => JSON.stringify(store.get(site.path).layout) !== before[index]);
        if (changed || step % 10 === 0) {
          expectDescribed(method, store, exactExport);
          expectPreparedAlike(method, store);
        }

        const gradients = stepGradients(method, store, step);
        const phase = method.phase?.(progress) ?? "";
        if (!trained.has(phase)) trained.set(phase, { present: new Set(), reached: new Set() });
        recordGroups(store, gradients, trained.get(phase)!);
        method.afterStep?.(store, progress, gradients);
        descend(store, gradients);
      }
      await method.beforeStep?.(store, { step: steps - 1, totalSteps: steps, seed: SEED });
      expectDescribed(method, store, exactExport);
      for (const [phase, { present, reached }] of trained) {
        expect([...reached].sort(), `groups with a gradient in phase "${phase}"`).toEqual([...present].sort());
      }
      const learned = SITES.some((site) => {
        const base = valuesOf(store.base(site.path).apply(inputOf(site)));
        return Array.from(valuesOf(output(method, store, site, "eval"))).some(
          (y, index) => Math.abs(y - base[index]!) > 1e-3,
        );
      });
      expect(learned, "the run changed the output of some site").toBe(adapts);
    });

    test("the same run twice gives bitwise the same adapters", async () => {
      const run = async (): Promise<string> => {
        const store = newStore();
        for (let step = 0; step < steps; step++) {
          await method.beforeStep?.(store, { step, totalSteps: steps, seed: SEED });
          const gradients = stepGradients(method, store, step);
          method.afterStep?.(store, { step, totalSteps: steps, seed: SEED }, gradients);
          descend(store, gradients);
        }
        return JSON.stringify(SITES.map((site) => store.get(site.path)));
      };
      expect(await run()).toBe(await run());
    });
  });
}

function inputOf(site: LinearSite): Tensor {
  const values = normalValues({ seed: SEED, step: 0, path: `${site.path}/x` }, ROWS * site.inFeatures);
  return ops.tensor(values, [ROWS, site.inFeatures]);
}

/** What the run is trained towards: far enough from the base model that something must change. */
function targetOf(site: LinearSite): Tensor {
  const values = normalValues({ seed: SEED, step: 0, path: `${site.path}/y` }, ROWS * site.outFeatures);
  return ops.tensor(values, [ROWS, site.outFeatures]);
}

function trace(store: TestStore, site: LinearSite): TracedAdapter {
  const { layout, parameters } = store.get(site.path);
  return { site, layout, parameters: toTensors(parameters) };
}

function output(method: Method, store: TestStore, site: LinearSite, mode: "train" | "eval"): Tensor {
  const context = createTestContext(
    mode,
    mode === "eval" ? { uniform: (path) => expect.fail(`${path} drew noise in evaluation`) } : {},
  );
  return method.apply(trace(store, site), inputOf(site), store.base(site.path), context);
}

/** Usage, summary and export agree with each other and with what evaluation computes. */
function expectDescribed(method: Method, store: TestStore, exactExport: boolean): void {
  for (const site of SITES) {
    const adapter = store.get(site.path);
    expect(JSON.parse(JSON.stringify(adapter.layout)), "layout").toEqual(adapter.layout);
    for (const [name, { shape, values }] of Object.entries(adapter.parameters)) {
      expect(values.length, `size of ${name}`).toBe(sizeOf(shape));
      expectFinite(values, name);
    }
    const usage = method.usage(site, adapter);
    expectValidUsage(usage);
    const { rank, bits } = method.summary(site, adapter);
    for (const [matrix, width] of Object.entries(bits)) expect(width, `bits of ${matrix}`).toBeGreaterThan(0);
    const update = method.export(site, adapter);
    expect(update?.rank ?? 0, "exported rank").toBe(rank);

    const evaluated = output(method, store, site, "eval");
    expectFinite(valuesOf(evaluated), "output");
    if (update === undefined) continue;
    expect(update.A.length).toBe(rank * site.inFeatures);
    expect(update.B.length).toBe(site.outFeatures * rank);
    if (!exactExport) continue;
    const A = ops.tensor(update.A, [rank, site.inFeatures]);
    const B = ops.tensor(update.B, [site.outFeatures, rank]);
    const x = inputOf(site);
    const change = ops.matMul(ops.matMul(x, A, false, true), B, false, true);
    expectAllClose(evaluated, ops.add(store.base(site.path).apply(x), change), { relative: 1e-4, absolute: 1e-4 });
  }
}

/** Prepared adapters come in the order of the sites, and compute what each computes alone from equal noise. */
function expectPreparedAlike(method: Method, store: TestStore): void {
  const alike = (_path: string, size: number) => new Array<number>(size).fill(0.3);
  for (const mode of ["train", "eval"] as const) {
    const context = createTestContext(mode, { uniform: alike });
    const adapters = SITES.map((site) => trace(store, site));
    const outputs = (some: readonly TracedAdapter[]) =>
      some.map((adapter) => {
        const { path } = adapter.site;
        return [path, Array.from(valuesOf(method.apply(adapter, inputOf(adapter.site), store.base(path), context)))];
      });
    expect(outputs(prepare(method, adapters, context)), `prepared adapters, ${mode}`).toEqual(outputs(adapters));
  }
}

function prepare(method: Method, adapters: readonly TracedAdapter[], context: Context): readonly TracedAdapter[] {
  return method.prepare?.(adapters, context) ?? adapters;
}

/** Gradients of the squared error plus the penalty, by `path/parameter`. */
function stepGradients(method: Method, store: TestStore, step: number): Map<string, Float32Array> {
  const names = SITES.flatMap((site) =>
    Object.entries(store.get(site.path).parameters)
      .filter(([, { group }]) => group !== "frozen")
      .map(([name]) => ({ site, name, key: `${site.path}/${name}` })),
  );
  if (names.length === 0) return new Map();
  const asked: string[] = [];
  const noise = createTestContext("train", { seed: SEED, step });
  const context = {
    ...noise,
    uniform: (path: string, shape: readonly number[]) => {
      asked.push(path);
      return noise.uniform(path, shape);
    },
  };
  const { value, gradients } = valueAndGradients(
    (...tensors) => {
      const traced = SITES.map((site) => {
        const own = names.flatMap(({ site: owner, name }, index) =>
          owner === site ? [[name, tensors[index]!] as const] : [],
        );
        const adapter = trace(store, site);
        return { ...adapter, parameters: { ...adapter.parameters, ...Object.fromEntries(own) } };
      });
      const losses = prepare(method, traced, context).map((adapter) => {
        const y = method.apply(adapter, inputOf(adapter.site), store.base(adapter.site.path), context);
        return ops.mean(ops.square(ops.sub(y, targetOf(adapter.site))));
      });
      const penalty = method.penalty?.(traced, bitCost);
      return ops.addN(penalty === undefined ? losses : [...losses, penalty]);
    },
    names.map(({ site, name }) => trace(store, site).parameters[name]!),
  );
  expect(new Set(asked).size, "each noise path is asked for once a step").toBe(asked.length);
  expectFinite(valuesOf(value), `loss of step ${step}`);
  return new Map(
    names.map(({ key }, index) => {
      const values = Float32Array.from(valuesOf(gradients[index]!));
      expectFinite(values, `gradient of ${key} at step ${step}`);
      return [key, values];
    }),
  );
}

function recordGroups(
  store: TestStore,
  gradients: ReadonlyMap<string, Float32Array>,
  { present, reached }: { present: Set<ParameterGroup>; reached: Set<ParameterGroup> },
): void {
  for (const site of SITES) {
    for (const [name, { group }] of Object.entries(store.get(site.path).parameters)) {
      if (group === "frozen") continue;
      present.add(group);
      if (gradients.get(`${site.path}/${name}`)!.some((gradient) => gradient !== 0)) reached.add(group);
    }
  }
}

/** A step of fixed length in the sign of every gradient, which is what Adam does at first. */
function descend(store: TestStore, gradients: ReadonlyMap<string, Float32Array>): void {
  for (const site of SITES) {
    for (const [name, { group }] of Object.entries(store.get(site.path).parameters)) {
      const rate = group === "gates" ? GATE_RATE : LEARNING_RATE;
      const gradient = gradients.get(`${site.path}/${name}`);
      // A method may have replaced a parameter by one of another size in `afterStep`.
      if (gradient?.length !== store.get(site.path).parameters[name]!.values.length) continue;
      store.train(site.path, name, (value, index) => value - rate * Math.sign(gradient[index]!));
    }
  }
}

function expectValidUsage(usage: SiteUsage): void {
  for (const { matrix, macsPerToken, keep, weightBits, inputBits } of usage.matmuls) {
    expect(macsPerToken, `MACs of ${matrix}`).toBeGreaterThanOrEqual(0);
    expect(keep, `kept share of ${matrix}`).toBeGreaterThanOrEqual(0);
    expect(keep, `kept share of ${matrix}`).toBeLessThanOrEqual(1);
    for (const bits of [weightBits, inputBits]) {
      expect(Number.isInteger(bits) && bits >= 0 && bits <= 32, `bits of ${matrix}: ${bits}`).toBe(true);
    }
  }
}

function priceOf({ matmuls }: SiteUsage, matrix: string): number {
  return matmuls
    .filter((row) => row.matrix === matrix)
    .reduce((sum, row) => sum + row.macsPerToken * row.keep * row.weightBits * row.inputBits, 0);
}

function expectFinite(values: ArrayLike<number>, what: string): void {
  for (const value of Array.from(values)) expect(Number.isFinite(value), `${what} is ${value}`).toBe(true);
}
