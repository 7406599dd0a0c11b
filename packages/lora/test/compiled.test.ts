import { onnx } from "@blora/engine-onnx";
import { bayesianBits, uniform } from "@blora/quantizers";
import type { Context } from "@blora/spec";
import { ops, type Tensor, type TensorRecord, valueAndGradients } from "@blora/tensor";
import { bitCost, createTestContext, expectAllClose, frozenBase, useCpuBackend } from "@blora/testing";
import { afterAll, expect, test } from "vitest";
import type { BloraOptions } from "../src/index.ts";
import { createBlora, gate, storeAt } from "./support/blora.ts";
import { sample, siteOf } from "./support/reference.ts";

useCpuBackend();
const engine = onnx({ threads: 1 });
afterAll(() => engine.release());

const sites = [siteOf("first", 12, 10), siteOf("second", 10, 12)];
const x = sample("x", 8 * 12);
const noise = { seed: 3, step: 2 };

const component: Partial<BloraOptions> = { penaltyStrength: 2 };
const matrix: Partial<BloraOptions> = {
  ...component,
  granularity: "matrix",
  rankGate: gate,
  quantizer: bayesianBits({ gate }),
};
const site: Partial<BloraOptions> = { ...component, scope: "site", siteQuantizer: bayesianBits({ gate, maxBits: 4 }) };
const rows: Partial<BloraOptions> = { ...site, siteQuantizer: uniform({ bits: [2, 4, 8], gate }), gradientShare: 0.5 };
const absmax: Partial<BloraOptions> = { quantizer: uniform({ bits: [0, 2, 4], gate, grid: "absmax" }) };

test.each(
  (
    [
      ["component", component],
      ["matrix", matrix],
      ["site", site],
      ["site, scales of rows", rows],
      ["absmax", absmax],
    ] as const
  ).flatMap(([name, options]) => [["gates", name, 1, options] as const, ["settle", name, 6, options] as const]),
)(
  "the compiled step has the eager loss and gradients in the phase %s of form %s",
  async (_phase, _form, start, options) => {
    const method = createBlora(options);
    const store = await storeAt(method, sites, 1);
    await method.training!.beforeStep!(store, { step: start, totalSteps: 10, seed: 0 });
    const weights = new Map(sites.map(({ path }) => [path, store.baseWeight(path)]));
    const parameters = sites.flatMap(({ path }) =>
      Object.entries(store.get(path).parameters).map(([name, parameter]) => [`${path}/${name}`, parameter] as const),
    );
    const lossOf = (
      input: Tensor,
      variables: TensorRecord,
      weightOf: (path: string) => Tensor,
      context: Context,
    ): Tensor => {
      const adapters = sites.map((site) => {
        const { layout, parameters } = store.get(site.path);
        const own = Object.keys(parameters).map((name) => [name, variables[`${site.path}/${name}`]!] as const);
        return { site, layout, parameters: Object.fromEntries(own) };
      });
      const y = method.prepare!(adapters, context).reduce(
        (hidden, adapter) => method.apply(adapter, hidden, frozenBase(weightOf(adapter.site.path)), context),
        input,
      );
      const penalty = method.training!.penalty!(adapters, bitCost);
      const task = ops.mean(ops.square(y));
      return penalty === undefined ? task : ops.add(task, penalty);
    };

    const step = await engine.compile({
      name: "blora",
      mode: "train",
      inputs: { x: { shape: [8, 12], dtype: "float32" } },
      trainable: Object.fromEntries(parameters.map(([name, { shape }]) => [name, shape])),
      frozen: new Map(
        sites.map(({ path, inFeatures, outFeatures }) => [
          path,
          { shape: [outFeatures, inFeatures], storage: "f32", source: weights.get(path)! },
        ]),
      ),
      compute: ({ input, trainable, frozen, context }) => ({ loss: lossOf(input.x!, trainable, frozen, context) }),
    });
    const values = Object.fromEntries(parameters.map(([name, { values }]) => [name, values]));
    const { loss, gradients } = await step.run({ x }, values, noise);

    const frozen = new Map(
      sites.map(({ path, inFeatures, outFeatures }) => [
        path,
        ops.tensor(weights.get(path)!, [outFeatures, inFeatures]),
      ]),
    );
    const input = ops.tensor(x, [8, 12]);
    const eager = valueAndGradients(
      (...tensors) => {
        const variables = Object.fromEntries(parameters.map(([name], index) => [name, tensors[index]!]));
        return lossOf(input, variables, (path) => frozen.get(path)!, createTestContext("train", noise));
      },
      parameters.map(([, { values, shape }]) => ops.tensor(values, [...shape])),
    );
    expectAllClose(eager.value, [loss!], { relative: 1e-4 });
    for (const [index, [name]] of parameters.entries()) {
      expect(gradients[name], name).toBeDefined();
      expectAllClose(eager.gradients[index]!, gradients[name]!, { relative: 1e-3, absolute: 1e-4 });
    }
  },
);
