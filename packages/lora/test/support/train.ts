import type { LinearSite, Method } from "@blora/spec";
import { ops, type Tensor, valueAndGradients } from "@blora/tensor";
import { bitCost, createTestContext, createTestStore, type TestStore, valuesOf } from "@blora/testing";
import { tracedOf } from "./blora.ts";

export interface Problem {
  readonly steps: number;
  /** Learning rate of the matrices, falling to 0 as a trainer's does. */
  readonly rate: number;
  /** x [M, I] of each site. */
  readonly inputs: readonly Tensor[];
  /** Task loss of what each adapter adds to its site's output, [M, O] each. */
  readonly loss: (changes: readonly Tensor[]) => Tensor;
}

/** Adam over every parameter, groups at the method's own rates: the least a trainer does. Returns the evaluation loss. */
export async function train(
  method: Method,
  sites: readonly LinearSite[],
  { steps, rate, inputs, loss }: Problem,
): Promise<{ store: TestStore; loss: number }> {
  const inputAt = new Map(sites.map((site, index) => [site.path, inputs[index]!]));
  const store = createTestStore(method, sites, 0, (site) => inputAt.get(site.path)!);
  const moments = new Map<string, Moments>();
  const changes = (mode: "train" | "eval", step: number, traced: readonly ReturnType<typeof tracedOf>[]): Tensor[] => {
    const context = createTestContext(mode, { step });
    const prepared = method.prepare?.(traced, context) ?? traced;
    return prepared.map((adapter) => {
      const x = inputAt.get(adapter.site.path)!;
      const base = store.base(adapter.site.path);
      return ops.sub(method.apply(adapter, x, base, context), base.apply(x));
    });
  };
  for (let step = 0; step < steps; step++) {
    const progress = { step, totalSteps: steps, seed: 0 };
    await method.training?.beforeStep?.(store, progress);
    const entries = sites.flatMap(({ path }) =>
      Object.entries(store.get(path).parameters).map(([name, parameter]) => ({ path, name, parameter })),
    );
    const objective = (...tensors: Tensor[]): Tensor => {
      const traced = sites.map((site) => {
        const own = entries.flatMap(({ path, name }, index) => (path === site.path ? [[name, tensors[index]!]] : []));
        return { ...tracedOf(store, site), parameters: Object.fromEntries(own) as Record<string, Tensor> };
      });
      const penalty = method.training?.penalty?.(traced, bitCost);
      const terms = [loss(changes("train", step, traced)), ...(penalty === undefined ? [] : [penalty])];
      // Keeps every variable on the tape where a term does not use it.
      return ops.addN([...terms, ...tensors.map((tensor) => ops.mul(ops.sum(tensor), 0))]);
    };
    const variables = entries.map(({ parameter }) => ops.tensor(parameter.values, [...parameter.shape]));
    const { gradients } = valueAndGradients(objective, variables);
    for (const [index, { path, name, parameter }] of entries.entries()) {
      const { group, values, shape } = parameter;
      if (group === "frozen") continue;
      const own =
        group === "weights" ? rate * (1 - step / steps) : method.training!.optimizer![group as "gates"]!.learningRate;
      const key = `${path}/${name}/${shape}`;
      const state = moments.get(key) ?? freshMoments(values.length);
      moments.set(key, state);
      adam(values, valuesOf(gradients[index]!), state, own);
    }
    method.training?.afterStep?.(store, progress, new Map());
  }
  const evaluated = loss(
    changes(
      "eval",
      0,
      sites.map((site) => tracedOf(store, site)),
    ),
  );
  return { store, loss: valuesOf(evaluated)[0]! };
}

interface Moments {
  readonly first: Float64Array;
  readonly second: Float64Array;
  step: number;
}

function freshMoments(size: number): Moments {
  return { first: new Float64Array(size), second: new Float64Array(size), step: 0 };
}

function adam(values: Float32Array, gradient: ArrayLike<number>, state: Moments, rate: number): void {
  state.step++;
  for (let index = 0; index < values.length; index++) {
    state.first[index] = 0.9 * state.first[index]! + 0.1 * gradient[index]!;
    state.second[index] = 0.999 * state.second[index]! + 0.001 * gradient[index]! ** 2;
    const first = state.first[index]! / (1 - 0.9 ** state.step);
    const second = state.second[index]! / (1 - 0.999 ** state.step);
    values[index]! -= (rate * first) / (Math.sqrt(second) + 1e-8);
  }
}
