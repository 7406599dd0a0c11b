import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tfjs } from "@blora/engine-tfjs";
import type { KeyValueCache } from "@blora/spec";
import { ops, type Tensor, type TensorRecord } from "@blora/tensor";
import { expectAllClose } from "@blora/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { causalArchitecture, writeCausalCheckpoint } from "../../trainer/test/tiny-causal.ts";
import { plainLora, V } from "../../trainer/test/tiny-problem.ts";
import {
  batchOf,
  bindNetwork,
  compileNetworkStep,
  type Network,
  type NetworkStep,
  type OpenNetwork,
  openBase,
  openNetwork,
} from "../src/index.ts";

const HEAD = { kind: "language-model" } as const;
const engine = tfjs({ backend: "cpu" });
const method = plainLora();

describe("a step over an adapted language model", () => {
  let folder = "";
  let network: Network;
  let open: OpenNetwork;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "blora-network-"));
    network = openNetwork(causalArchitecture, writeCausalCheckpoint(folder), "tiny");
    open = openBase(network, HEAD);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** An adapter that changes something at every default site. */
  function adapted(): OpenNetwork {
    const bound = bindNetwork(network, method, HEAD, undefined, 0);
    const adapters = new Map(
      bound.sites.map((site) => {
        const adapter = method.init(site, 1);
        adapter.parameters.B!.values.fill(0.3);
        return [site.path, adapter] as const;
      }),
    );
    return { ...bound, name: "tiny", weights: { adapters, head: {} }, form: "trained", maxSeqLength: Infinity };
  }

  async function logitsOf(open: OpenNetwork, ids: readonly number[]): Promise<Float32Array> {
    const T = ids.length;
    const step = await compileNetworkStep(engine, open, {
      name: "logits",
      inputs: {
        inputIds: { shape: [1, T], dtype: "int32" },
        attentionMask: { shape: [1, T], dtype: "float32" },
        positions: { shape: [1], dtype: "int32" },
      },
      compute: (inputs, input) => ({ logits: causalArchitecture.forward({ ...inputs, batch: batchOf(input) }) }),
    });
    const feeds = {
      inputIds: Int32Array.from(ids),
      attentionMask: new Float32Array(T).fill(1),
      positions: Int32Array.of(T - 1),
    };
    const { logits } = await step.run(feeds);
    await step.release();
    return logits!;
  }

  test("gives one row of logits for each position asked for", async () => {
    expect((await logitsOf(open, [4, 9, 2, 7])).length).toBe(V);
  });

  test("computes with the adapters of the snapshot", async () => {
    const [plain, trained] = [await logitsOf(open, [4, 9, 2, 7]), await logitsOf(adapted(), [4, 9, 2, 7])];
    expect(Math.max(...plain.map((value, index) => Math.abs(value - trained[index]!)))).toBeGreaterThan(0.01);
  });

  test("passes keys and values on: a text in two parts has the logits of the whole", async () => {
    const open = adapted();
    const ids = [4, 9, 2, 7, 11];
    const first = await compileNetworkStep(engine, open, keepingStep(3));
    const kept = await first.run({
      inputIds: Int32Array.from(ids.slice(0, 3)),
      attentionMask: Float32Array.of(1, 1, 1),
    });
    const second = await compileNetworkStep(engine, open, continuingStep(2, 3));
    const { logits } = await second.run({
      ...kept,
      inputIds: Int32Array.from(ids.slice(3)),
      attentionMask: Float32Array.of(1, 1),
      positionIds: Int32Array.of(3, 4),
      positions: Int32Array.of(1),
    });
    expectAllClose(logits!, await logitsOf(adapted(), ids));
  });
});

const { layers: LAYERS, headSize: D } = causalArchitecture.languageModel!.cache({});
const layers = Array.from({ length: LAYERS }, (_, layer) => layer);

/** Outputs the keys and values of T tokens. */
function keepingStep(T: number): NetworkStep {
  return {
    name: "keep",
    inputs: { inputIds: { shape: [1, T], dtype: "int32" }, attentionMask: { shape: [1, T], dtype: "float32" } },
    compute(inputs, input) {
      const kept: Record<string, Tensor> = {};
      causalArchitecture.languageModel!.hidden({
        ...inputs,
        batch: batchOf(input),
        onKeyValues(layer, keys, values) {
          kept[`keys ${layer}`] = keys;
          kept[`values ${layer}`] = values;
        },
      });
      return kept;
    },
  };
}

/** Logits of T tokens after P kept ones. */
function continuingStep(T: number, P: number): NetworkStep {
  const cached = layers.flatMap((layer) => [`keys ${layer}`, `values ${layer}`]);
  return {
    name: "continue",
    inputs: {
      ...Object.fromEntries(cached.map((name) => [name, { shape: [1, 1, P, D], dtype: "float32" } as const])),
      inputIds: { shape: [1, T], dtype: "int32" },
      attentionMask: { shape: [1, T], dtype: "float32" },
      positionIds: { shape: [1, T], dtype: "int32" },
      positions: { shape: [1], dtype: "int32" },
    },
    compute: (inputs, input) => ({
      logits: causalArchitecture.forward({ ...inputs, batch: batchOf(input), past: pastOf(input, P) }),
    }),
  };
}

function pastOf(input: TensorRecord, P: number): KeyValueCache {
  return {
    mask: ops.ones([1, P]),
    layers: layers.map((layer) => ({ keys: input[`keys ${layer}`]!, values: input[`values ${layer}`]! })),
  };
}
