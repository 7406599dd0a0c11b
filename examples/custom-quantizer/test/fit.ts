import type { Engine, LinearSite, Method, StepDefinition } from "@blora/spec";
import { normalValues, ops, type Tensor } from "@blora/tensor";
import { createTestStore, frozenBase, type TestStore, valuesOf } from "@blora/testing";

const ROWS = 32;
const LEARNING_RATE = 0.1;
const site: LinearSite = { path: "site", role: "query", inFeatures: 12, outFeatures: 8 };

/** Fits x·(W0 + ΔW)ᵀ to a target whose ΔW has rank 2, by gradient descent on the engine. Returns the loss of every step. */
export async function fitLowRankTarget(method: Method, engine: Engine, steps: number): Promise<number[]> {
  const x = draw("x", [ROWS, site.inFeatures], 1);
  const store = createTestStore(method, [site], 0, () => x);
  const change = ops.matMul(draw("left", [site.outFeatures, 2], 0.5), draw("right", [2, site.inFeatures], 0.5));
  const W0 = ops.tensor(store.baseWeight(site.path), [site.outFeatures, site.inFeatures]);
  const target = ops.matMul(x, ops.add(W0, change), false, true);
  const feeds = { x: Float32Array.from(valuesOf(x)), target: Float32Array.from(valuesOf(target)) };

  const losses: number[] = [];
  let layout = store.get(site.path).layout;
  let step = await engine.compile(fitStep(method, store));
  for (let index = 0; index < steps; index++) {
    await method.training?.beforeStep?.(store, { step: index, totalSteps: steps, seed: 0 });
    const { parameters, layout: current } = store.get(site.path);
    if (current !== layout) {
      // A new phase or rank is a new graph.
      await step.release();
      step = await engine.compile(fitStep(method, store));
      layout = current;
    }
    const values = Object.fromEntries(Object.entries(parameters).map(([name, { values }]) => [name, values]));
    const { loss, gradients } = await step.run(feeds, values, { seed: 0, step: index });
    losses.push(loss!);
    for (const name of Object.keys(parameters)) {
      store.train(site.path, name, (value, place) => value - LEARNING_RATE * gradients[name]![place]!);
    }
  }
  await step.release();
  return losses;
}

/** The mean squared error of the adapted site, as a step the engine can compile. */
function fitStep(method: Method, store: TestStore): StepDefinition {
  const { layout, parameters } = store.get(site.path);
  const { inFeatures: I, outFeatures: O } = site;
  return {
    name: "fit",
    mode: "train",
    inputs: { x: { shape: [ROWS, I], dtype: "float32" }, target: { shape: [ROWS, O], dtype: "float32" } },
    trainable: Object.fromEntries(Object.entries(parameters).map(([name, { shape }]) => [name, shape])),
    frozen: new Map([["W0", { shape: [O, I], storage: "f32", source: store.baseWeight(site.path) }]]),
    compute: ({ input, trainable, frozen, context }) => {
      const traced = [{ site, layout, parameters: trainable }];
      const [adapter] = method.prepare?.(traced, context) ?? traced;
      const y = method.apply(adapter!, input.x!, frozenBase(frozen("W0")), context);
      return { loss: ops.mean(ops.square(ops.sub(y, input.target!))) };
    },
  };
}

function draw(path: string, shape: [number, number], deviation: number): Tensor {
  return ops.tensor(normalValues({ seed: 1, step: 0, path }, shape[0] * shape[1], deviation), shape);
}
