import type { Method, ParameterGroup } from "@blora/spec";
import { ops, type Tensor, valueAndGradients } from "@blora/tensor";
import { bitCost, createTestContext, valuesOf } from "@blora/testing";
import { createBase } from "./base.ts";
import type { MemoryStore } from "./memory-store.ts";

export interface TrainingOptions {
  readonly steps: number;
  /** Task loss of the outputs [M, O] of every site; none: the penalty alone. */
  readonly task?: { readonly inputs: readonly Tensor[]; readonly loss: (outputs: readonly Tensor[]) => Tensor };
  readonly rates: Readonly<Partial<Record<ParameterGroup, number>>>;
  readonly afterStep?: (step: number) => void;
}

/** Adam without decay over every parameter of a store: the least a trainer does. Returns the last loss. */
export async function train(method: Method, store: MemoryStore, options: TrainingOptions): Promise<number> {
  const moments = new Map<string, { first: Float64Array; second: Float64Array; step: number }>();
  const bases = store.sites.map((site) => createBase(site, store.baseWeight(site.path)));
  let last = Number.NaN;
  for (let step = 0; step < options.steps; step++) {
    const progress = { step, totalSteps: options.steps, seed: 0 };
    await method.beforeStep?.(store, progress);
    const entries = store.sites.flatMap(({ path }) =>
      Object.entries(store.get(path).parameters).map(([name, parameter]) => ({ path, name, parameter })),
    );
    const context = createTestContext("train", { step });
    const loss = (...tensors: Tensor[]): Tensor => {
      const traced = store.sites.map((site) => ({
        site,
        layout: store.get(site.path).layout,
        parameters: Object.fromEntries(
          entries.flatMap(({ path, name }, index) => (path === site.path ? [[name, tensors[index]!]] : [])),
        ),
      }));
      const terms: Tensor[] = [];
      if (options.task) {
        const { inputs } = options.task;
        const outputs = traced.map((adapter, index) => method.apply(adapter, inputs[index]!, bases[index]!, context));
        terms.push(options.task.loss(outputs));
      }
      const penalty = method.penalty?.(traced, bitCost);
      if (penalty !== undefined) terms.push(penalty);
      // Keeps every variable on the tape where a term does not use it.
      return ops.addN([...terms, ...tensors.map((tensor) => ops.mul(ops.sum(tensor), 0))]);
    };
    const variables = entries.map(({ parameter }) => ops.tensor(parameter.values, [...parameter.shape]));
    const { value, gradients } = valueAndGradients(loss, variables);
    last = valuesOf(value)[0]!;
    for (const [index, { path, name, parameter }] of entries.entries()) {
      const rate = options.rates[parameter.group];
      if (rate === undefined) continue;
      const key = `${path}/${name}/${parameter.shape}`;
      const size = parameter.values.length;
      const state = moments.get(key) ?? { first: new Float64Array(size), second: new Float64Array(size), step: 0 };
      moments.set(key, state);
      adam(parameter.values, valuesOf(gradients[index]!), state, rate);
    }
    for (const tensor of [...variables, ...gradients, value]) tensor.dispose();
    options.afterStep?.(step);
  }
  return last;
}

function adam(
  values: Float32Array,
  gradient: ArrayLike<number>,
  state: { first: Float64Array; second: Float64Array; step: number },
  rate: number,
): void {
  state.step++;
  for (let index = 0; index < values.length; index++) {
    state.first[index] = 0.9 * state.first[index]! + 0.1 * gradient[index]!;
    state.second[index] = 0.999 * state.second[index]! + 0.001 * gradient[index]! ** 2;
    const first = state.first[index]! / (1 - 0.9 ** state.step);
    const second = state.second[index]! / (1 - 0.999 ** state.step);
    values[index]! -= (rate * first) / (Math.sqrt(second) + 1e-8);
  }
}
