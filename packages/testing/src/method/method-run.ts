import type { Method, ParameterGroup } from "@blora/spec";
import { ops, valueAndGradients } from "@blora/tensor";
import { expect } from "vitest";
import { createTestStore, type TestStore } from "../adapter-store.ts";
import { bitCost } from "../bit-cost.ts";
import { createTestContext } from "../context.ts";
import { valuesOf } from "../values.ts";
import { type Adapters, applyAll, expectFinite, inputOf, SEED, SITES, targetOf, traceAdapter } from "./method-pass.ts";

const LEARNING_RATE = 0.05;
/** Fast enough to close gates within the run. */
const GATE_RATE = 0.25;
const STEPS_BETWEEN_MOMENTS = 10;

/** What a run of a method was like. */
export interface MethodRun {
  /** The adapters after every change of a layout, every few steps, and at the end. */
  readonly moments: readonly Adapters[];
  /** Groups that were trained, and those of them that some gradient reached, by phase. */
  readonly phases: ReadonlyMap<
    string,
    { readonly present: Set<ParameterGroup>; readonly reached: Set<ParameterGroup> }
  >;
}

export function newStore(method: Method): TestStore {
  return createTestStore(method, SITES, SEED, inputOf);
}

/** Trains every site towards a target, as a trainer does but for the optimizer. */
export async function recordRun(method: Method, steps: number): Promise<MethodRun> {
  const store = newStore(method);
  const moments: Adapters[] = [];
  const phases: Map<string, { present: Set<ParameterGroup>; reached: Set<ParameterGroup> }> = new Map();
  const layouts = (): string => JSON.stringify(SITES.map(({ path }) => store.get(path).layout));
  for (let step = 0; step < steps; step++) {
    const progress = { step, totalSteps: steps, seed: SEED };
    const before = layouts();
    await method.training?.beforeStep?.(store, progress);
    if (layouts() !== before || step % STEPS_BETWEEN_MOMENTS === 0) moments.push(copyOf(store));

    const gradients = stepGradients(method, store, step);
    const phase = method.training?.phase?.(progress) ?? "";
    const groups = phases.get(phase) ?? { present: new Set(), reached: new Set() };
    phases.set(phase, groups);
    for (const [key, { group, gradient }] of gradients) {
      groups.present.add(group);
      if (gradient.some((value) => value !== 0)) groups.reached.add(group);
      expectFinite(gradient, `gradient of ${key} at step ${step}`);
    }
    const own = new Map([...gradients].map(([key, { gradient }]) => [key, gradient]));
    descend(store, own);
    store.recordGradients(own);
    method.training?.afterStep?.(store, progress, own);
  }
  await method.training?.beforeStep?.(store, { step: steps - 1, totalSteps: steps, seed: SEED });
  return { moments: [...moments, copyOf(store)], phases };
}

function copyOf(store: TestStore): Adapters {
  return new Map(SITES.map(({ path }) => [path, structuredClone(store.get(path))]));
}

/** Gradients of the squared error plus the penalty, by `path/parameter`. */
function stepGradients(
  method: Method,
  store: TestStore,
  step: number,
): Map<string, { readonly group: ParameterGroup; readonly gradient: Float32Array }> {
  const adapters: Adapters = new Map(SITES.map(({ path }) => [path, store.get(path)]));
  const trained = SITES.flatMap((site) =>
    Object.entries(store.get(site.path).parameters).flatMap(([name, { group }]) =>
      group === "frozen" ? [] : [{ site, name, group, key: `${site.path}/${name}` }],
    ),
  );
  if (trained.length === 0) return new Map();
  const asked: string[] = [];
  const noise = createTestContext("train", { seed: SEED, step });
  const context = {
    ...noise,
    uniform: (path: string, shape: readonly number[]) => {
      asked.push(path);
      return noise.uniform(path, shape);
    },
    dropoutMask: (path: string, shape: readonly number[], probability: number) => {
      asked.push(path);
      return noise.dropoutMask(path, shape, probability);
    },
  };
  const { value, gradients } = valueAndGradients(
    (...tensors) => {
      const traced = SITES.map((site) => {
        const own = trained.flatMap(({ site: owner, name }, index) =>
          owner === site ? [[name, tensors[index]!] as const] : [],
        );
        const adapter = traceAdapter(site, adapters);
        return { ...adapter, parameters: { ...adapter.parameters, ...Object.fromEntries(own) } };
      });
      const outputs = applyAll(method, traced, store.base, context);
      const losses = SITES.map((site) => ops.mean(ops.square(ops.sub(outputs.get(site.path)!, targetOf(site)))));
      const penalty = method.training?.penalty?.(traced, bitCost);
      return ops.addN(penalty === undefined ? losses : [...losses, penalty]);
    },
    trained.map(({ site, name }) => traceAdapter(site, adapters).parameters[name]!),
  );
  expect(new Set(asked).size, "each noise path is asked for once a step").toBe(asked.length);
  expectFinite(valuesOf(value), `loss of step ${step}`);
  return new Map(
    trained.map(({ key, group }, index) => [key, { group, gradient: Float32Array.from(valuesOf(gradients[index]!)) }]),
  );
}

/** A step of fixed length in the sign of every gradient, which is what Adam does at first. */
function descend(store: TestStore, gradients: ReadonlyMap<string, Float32Array>): void {
  for (const { path } of SITES) {
    for (const [name, { group }] of Object.entries(store.get(path).parameters)) {
      const rate = group === "gates" ? GATE_RATE : LEARNING_RATE;
      const gradient = gradients.get(`${path}/${name}`);
      if (gradient === undefined) continue;
      store.train(path, name, (value, index) => value - rate * Math.sign(gradient[index]!));
    }
  }
}
