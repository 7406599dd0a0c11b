import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtinModelFolder } from "@blora/builtin";
import { onnx } from "@blora/engine-onnx";
import { hardConcrete } from "@blora/gates";
import { blora } from "@blora/lora";
import { debertaV2 } from "@blora/model-deberta-v2";
import { qwen2 } from "@blora/model-qwen2";
import { bindNetwork, type Network, type OpenNetwork, openNetwork } from "@blora/network";
import { bayesianBits, uniform } from "@blora/quantizers";
import type { Adapter, Head, Parameter } from "@blora/spec";
import { openCheckpoint } from "@blora/weights";
import { afterAll, expect, test } from "vitest";
import { exportOnnx, measureExport } from "../src/index.ts";
import { settled } from "./coded-adapter.ts";
import { readReference } from "./reference.ts";

const folder = await mkdtemp(join(tmpdir(), "blora-trained-"));
const engine = onnx({ threads: 1 });
afterAll(async () => {
  await engine.release();
  await rm(folder, { recursive: true, force: true });
});

const siteQuantizer = bayesianBits({ gate: hardConcrete() });
const method = blora({ quantizer: uniform({ bits: [0, 2, 4, 8] }), siteQuantizer, scope: "site", rank: 3 });

/** Widths of W0 and its input, by site in turn: all but the last have products of whole numbers. */
const WIDTHS = [
  [8, 8],
  [4, 8],
  [8, 4],
  [16, 8],
] as const;
/** Ranges that clip a few activations. */
const REACH = { input: 3, afterA: 2 };

/** A network whose sites are settled at scope `site`. */
function settledNetwork(network: Network, head: Head): OpenNetwork {
  const bound = bindNetwork(network, method, head, undefined, 0);
  const range = (values: Float32Array): Parameter =>
    siteQuantizer.init({ values, vectors: 1, signed: true }).logRange as Parameter;
  const adapters = bound.sites.map((site, index): [string, Adapter] => {
    const [W0, input] = WIDTHS[index % WIDTHS.length]!;
    const { layout, parameters } = settled(site, [8, 4, 2]);
    const bits = { ...(layout.bits as object), W0: [W0], input: [input], afterA: [8] };
    const ranges = {
      "W0.logRange": range(bound.baseWeight(site.path)),
      "input.logRange": range(Float32Array.of(-REACH.input, REACH.input)),
      "afterA.logRange": range(Float32Array.of(-REACH.afterA, REACH.afterA)),
    };
    return [site.path, { layout: { ...layout, bits, scale: 0.5 }, parameters: { ...parameters, ...ranges } }];
  });
  const weights = { adapters: new Map(adapters), head: bound.freshHead };
  return { ...bound, name: network.name, weights, form: "trained", maxSeqLength: Infinity };
}

const classifier: Head = { kind: "classification", labels: ["a", "b", "c"] };
const MODELS: readonly (readonly [string, () => Network, Head])[] = [
  ["an encoder", () => openNetwork(debertaV2(), openCheckpoint(builtinModelFolder()), "builtin"), classifier],
  ["a decoder", () => readReference(qwen2(), "causal/qwen2.5").network, { kind: "language-model" }],
];

test.each(MODELS)("%s at scope site is exported in whole numbers and gives our logits", async (name, open, head) => {
  const network = open();
  const trained = settledNetwork(network, head);
  const out = join(folder, name);
  const { file } = await exportOnnx({ network, adapter: trained, out });
  const { largestDifference, largestLogit } = await measureExport({ network: trained, engine, file: join(out, file) });
  expect(largestDifference).toBeLessThan(1e-5 * largestLogit);
  const graph = (await readFile(join(out, file))).toString("latin1");
  const whole = trained.sites.filter((_, index) => WIDTHS[index % WIDTHS.length]![0] < 16);
  expect(graph.split("MatMulInteger").length - 1).toBeGreaterThanOrEqual(whole.length);
});
