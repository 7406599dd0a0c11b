import { onnx, traceStep } from "@blora/engine-onnx";
import { bayesianBits, uniform } from "@blora/quantizers";
import type { Context, StepDefinition } from "@blora/spec";
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
const bytes: Partial<BloraOptions> = { ...site, siteQuantizer: bayesianBits({ gate, minBits: 8, maxBits: 8 }) };
const wide: Partial<BloraOptions> = { ...site, siteQuantizer: bayesianBits({ gate, minBits: 16 }) };
const absmaxRows: Partial<BloraOptions> = { ...site, siteQuantizer: uniform({ bits: 8, grid: "absmax" }) };
const absmax: Partial<BloraOptions> = { quantizer: uniform({ bits: [0, 2, 4], gate, grid: "absmax" }) };

/**
 * Forms, and products of whole numbers in a step that learns gates and in a settled one: one a site where the
 * widths of W0 and its input are known and have 8 bits or fewer.
 */
const FORMS: readonly (readonly [form: string, options: Partial<BloraOptions>, gates: number, settled: number])[] = [
  ["component", component, 0, 0],
  ["matrix", matrix, 0, 0],
  ["site", site, 0, 2],
  ["site, 8 bits", bytes, 2, 2],
  ["site, 16 bits", wide, 0, 0],
  ["site, scales of rows", rows, 0, 2],
  ["site, scales of rows from their largest magnitude", absmaxRows, 0, 2],
  ["absmax", absmax, 0, 0],
];

test.each(
  FORMS.flatMap(([form, options, gates, settled]) => [
    ["gates", form, 1, options, gates] as const,
    ["settle", form, 6, options, settled] as const,
  ]),
)(
  "the compiled step has the eager loss and gradients in the phase %s of form %s",
  async (_phase, _form, start, options, products) => {
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

    const definition: StepDefinition = {
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
    };
    const whole = traceStep(definition).graph.nodes.filter(({ operator }) => operator === "MatMulIntegerToFloat");
    expect(whole).toHaveLength(products);
    const step = await engine.compile(definition);
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
