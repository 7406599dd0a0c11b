import { countMacs, traceStep } from "@blora/engine-onnx";
import { hardConcrete } from "@blora/gates";
import { blora } from "@blora/lora";
import { debertaV2 } from "@blora/model-deberta-v2";
import { bayesianBits, uniform } from "@blora/quantizers";
import type { Linear, StepDefinition, TracedAdapter } from "@blora/spec";
import { frozenLinear, ops, type Shape, type Tensor } from "@blora/tensor";
import { expect, test } from "vitest";
import { bops } from "../src/index.ts";

const [B, T] = [2, 10];
const architecture = debertaV2();
const config = architecture.parseConfig({
  model_type: "deberta-v2",
  vocab_size: 40,
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 24,
  hidden_act: "gelu",
  max_position_embeddings: 32,
  type_vocab_size: 0,
  layer_norm_eps: 1e-7,
  relative_attention: true,
  position_buckets: 4,
  max_relative_positions: -1,
  norm_rel_ebd: "layer_norm",
  share_att_key: true,
  pos_att_type: "p2c|c2p",
  position_biased_input: false,
  pad_token_id: 0,
  pooler_hidden_size: 16,
  pooler_hidden_act: "gelu",
});
const head = { kind: "classification", labels: ["no", "yes"] } as const;
const specs = architecture.parameters(config, head);
const gate = hardConcrete();
const method = blora({
  rank: 3,
  quantizer: uniform({ bits: [0, 2, 4] }),
  siteQuantizer: bayesianBits({ gate }),
  scope: "site",
});
const sites = new Map(architecture.sites(config).map((site) => [site.path, site]));
const adapters = new Map([...sites].map(([path, site]) => [path, method.init(site, 0)]));

/** The forward pass as a traced step, with linear maps made by `linearOf`. */
function macsOf(
  linearOf: (lookup: (name: string) => Tensor, step: Parameters<StepDefinition["compute"]>[0]) => Linear,
): number {
  const parameters = [...adapters].flatMap(([path, adapter]) =>
    Object.entries(adapter.parameters).map(([name, { shape }]): [string, { shape: Shape; dtype: "float32" }] => [
      `${path}/${name}`,
      { shape, dtype: "float32" },
    ]),
  );
  const step: StepDefinition = {
    name: "macs",
    mode: "eval",
    inputs: {
      ids: { shape: [B, T], dtype: "int32" },
      mask: { shape: [B, T], dtype: "float32" },
      ...Object.fromEntries(parameters),
    },
    trainable: {},
    frozen: new Map(
      specs.map(({ name, shape }) => [
        name,
        { shape, storage: "f32", source: new Float32Array(shape.reduce((a, b) => a * b, 1)) },
      ]),
    ),
    compute: (tensors) => {
      const lookup = (name: string) => tensors.frozen(name);
      const batch = { inputIds: tensors.input.ids!, attentionMask: tensors.input.mask! };
      const linear = linearOf(lookup, tensors);
      return {
        outputs: { logits: architecture.forward({ config, head, lookup, batch, linear, context: tensors.context }) },
      };
    },
  };
  return countMacs(traceStep(step).graph);
}

test("the ledger's multiply-accumulates are those of the traced graph, product by product", () => {
  const rows = new Map<string, number>();
  let headMacs = 0;
  const adapted = macsOf((lookup, { input, context }) => (path, x) => {
    const weight = lookup(`${path}.weight`);
    const bias = lookup(`${path}.bias`);
    const site = sites.get(path);
    const [M, I] = x.shape as [number, number];
    if (site === undefined) {
      headMacs += M * I * weight.shape[0]!;
      return frozenLinear(x, weight, bias);
    }
    rows.set(path, (rows.get(path) ?? 0) + M);
    const { layout, parameters } = adapters.get(path)!;
    const adapter: TracedAdapter = {
      site,
      layout,
      parameters: Object.fromEntries(Object.keys(parameters).map((name) => [name, input[`${path}/${name}`]!])),
    };
    const base = {
      weight,
      apply: (x: Tensor) => frozenLinear(x, weight, bias),
      // The factored form, which the ledger prices; training merges it, to the same result.
      applyLowRank: (x: Tensor, A: Tensor, B: Tensor) =>
        ops.add(frozenLinear(x, weight, bias), ops.matMul(ops.matMul(x, A, false, true), B, false, true)),
    };
    const [prepared = adapter] = method.prepare?.([adapter], context) ?? [];
    return method.apply(prepared, x, base, context);
  });
  // Of the right shape, dependent on x, and without a product: what is left is attention.
  const attention = macsOf(
    (lookup) => (path, x) => ops.add(ops.zeros([x.shape[0]!, lookup(`${path}.weight`).shape[0]!]), ops.sum(x)),
  );

  const ledger = [...sites.values()].flatMap(
    (site) => bops().measured([method.usage(site, adapters.get(site.path)!)], rows.get(site.path)!).rows,
  );
  const counted = ledger.reduce((total, { macs }) => total + Number(macs), 0);
  expect(counted + headMacs + attention).toBe(adapted);
  expect(rows.get("deberta.encoder.layer.0.output.dense")).toBe(B * T);
  expect(rows.get("deberta.encoder.layer.0.attention.self.query_proj")).toBe(B * T + 2 * T - 1);
});
