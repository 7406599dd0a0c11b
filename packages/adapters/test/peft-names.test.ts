import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject, LinearSite } from "@blora/spec";
import { type WritableTensor, writeSafetensors } from "@blora/weights";
import { describe, expect, test } from "vitest";
import { readPeft } from "../src/index.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const query: LinearSite = { path: "bert.encoder.layer.0.query", role: "query", inFeatures: 2, outFeatures: 2 };
const POOLER = "bert.pooler.dense.weight";
const pooler = Float32Array.from([1, 0, 0, 1]);
const network = {
  linears: [query],
  head: new Map([
    [POOLER, [2, 2]],
    ["classifier.weight", [2, 2]],
  ]),
  baseTensor: (name: string) => (name === POOLER ? pooler : undefined),
};
const A: WritableTensor = { shape: [1, 2], values: Float32Array.from([1, 2]) };
const B: WritableTensor = { shape: [2, 1], values: Float32Array.from([3, 5]) };
const classifier: WritableTensor = { shape: [2, 2], values: Float32Array.from([9, 8, 7, 6]) };

/** An adapter with tensors of these names, of scale 2. */
function adapter(tensors: Readonly<Record<string, WritableTensor>>, config: JsonObject = {}): string {
  const folder = temporaryFolder();
  const whole = { peft_type: "LORA", r: 1, lora_alpha: 2, target_modules: "all-linear", ...config };
  writeFileSync(join(folder, "adapter_config.json"), JSON.stringify(whole));
  writeSafetensors(join(folder, "adapter_model.safetensors"), new Map(Object.entries(tensors)));
  return folder;
}

const pair = (module: string, end = ".weight"): Record<string, WritableTensor> => ({
  [`${module}.lora_A${end}`]: A,
  [`${module}.lora_B${end}`]: B,
});

describe("an adapter is found by other names", () => {
  test.each([
    ["as PEFT writes it", "base_model.model.bert.encoder.layer.0.query", ".weight"],
    ["of a compiled network", "base_model.model._orig_mod.bert.encoder.layer.0.query", ".weight"],
    ["of a network compiled after it was adapted", "_orig_mod.base_model.model.bert.encoder.layer.0.query", ".weight"],
    ["of a network on several machines", "module.base_model.model.bert.encoder.layer.0.query", ".weight"],
    ["of the bare encoder", "base_model.model.encoder.layer.0.query", ".weight"],
    ["of a network within another", "base_model.model.text.bert.encoder.layer.0.query", ".weight"],
    ["adapted twice", "base_model.model.base_model.model.bert.encoder.layer.0.query", ".weight"],
    ["with a name of its own", "base_model.model.bert.encoder.layer.0.query", ".mine.weight"],
  ])("%s", (_, module, end) => {
    const { updates } = readPeft(adapter(pair(module, end)), network);
    expect(updates).toEqual(new Map([[query.path, { rank: 1, scale: 2, A: A.values, B: B.values }]]));
  });

  test.each([
    [7, 7],
    // PEFT has the rank in place of an alpha that is not positive.
    [0, 1],
    [-3, 1],
  ])("of AdaLoRA, with the alpha %d", (lora_alpha, numerator) => {
    const module = "base_model.model.bert.encoder.layer.0.query";
    const E: WritableTensor = { shape: [1, 1], values: Float32Array.from([2]) };
    const folder = adapter(
      { ...pair(module, ""), [`${module}.lora_E`]: E },
      { peft_type: "ADALORA", init_r: 1, lora_alpha },
    );
    expect(readPeft(folder, network).updates.get(query.path)).toEqual({
      rank: 1,
      scale: numerator / (1 + 1e-5),
      A: A.values,
      B: Float32Array.from([6, 10]),
    });
  });

  test("with patterns of a compiled network", () => {
    const config = {
      target_modules: ["_orig_mod.bert.encoder.layer.0.query"],
      alpha_pattern: { "_orig_mod.bert.encoder.layer.0.query": 4 },
    };
    const folder = adapter(pair("base_model.model._orig_mod.bert.encoder.layer.0.query"), config);
    expect(readPeft(folder, network).updates.get(query.path)?.scale).toBe(4);
  });

  test("with a head that carries the adapter's name, beside copies of the base", () => {
    const tensors = {
      ...pair("base_model.model.bert.encoder.layer.0.query", ".mine.weight"),
      "base_model.model.classifier.modules_to_save.mine.weight": classifier,
      "base_model.model.classifier.original_module.weight": { ...classifier, values: new Float32Array(4) },
      "base_model.model.bert.encoder.layer.0.query.base_layer.weight": classifier,
    };
    expect(readPeft(adapter(tensors), network).head).toEqual({ "classifier.weight": classifier });
  });
});

test.each(["base_model.model.bert.", "base_model.model."])(
  "an update of the pooler is added to the base's, with the prefix %s",
  (prefix) => {
    const folder = adapter({ ...pair(`${prefix}encoder.layer.0.query`), ...pair(`${prefix}pooler.dense`) });
    const { updates, head } = readPeft(folder, network);
    expect([...updates.keys()]).toEqual([query.path]);
    // I + 2 · [3, 5]ᵀ · [1, 2]
    expect(head).toEqual({ [POOLER]: { shape: [2, 2], values: Float32Array.from([7, 12, 10, 21]) } });
  },
);

test("an update of a pooler that the base lacks is refused in words", () => {
  const folder = adapter(pair("base_model.model.bert.pooler.dense"), { target_modules: ["dense"] });
  expect(() => readPeft(folder, { ...network, baseTensor: () => undefined })).toThrow(
    /found that bert\.pooler\.dense\.lora_B is an update of a matrix the base model lacks/,
  );
});

test("several adapters in one file are refused by their names", () => {
  const module = "base_model.model.bert.encoder.layer.0.query";
  const folder = adapter({ ...pair(module, ".first.weight"), ...pair(module, ".second.weight") });
  expect(() => readPeft(folder, network)).toThrow(
    /it holds several adapters \(first, second\): save one of them alone/,
  );
});

test("embeddings that were saved along are refused with the option that saved them", () => {
  const tensors = {
    ...pair("base_model.model.bert.encoder.layer.0.query"),
    "base_model.model.bert.embed_tokens.weight": classifier,
  };
  expect(() => readPeft(adapter(tensors), network)).toThrow(
    /embed_tokens\.weight is unexpected \(embeddings that were saved along, by save_embedding_layers/,
  );
});

test("options of later versions that are off are harmless, others are named", () => {
  const tensors = pair("base_model.model.bert.encoder.layer.0.query");
  const off = { peft_version: "0.21.0", use_next: false, next_config: null, next_list: [], next_size: 16 };
  expect(readPeft(adapter(tensors, off), network).updates.size).toBe(1);
  expect(() => readPeft(adapter(tensors, { use_next: true }), network)).toThrow(/use_next \(true\) is not known/);
});

test("a module of rank 0 needs no tensors", () => {
  const two = { ...network, linears: [query, { ...query, path: "bert.encoder.layer.1.query" }] };
  const folder = adapter(pair("base_model.model.bert.encoder.layer.0.query"), { rank_pattern: { "layer.1.query": 0 } });
  expect([...readPeft(folder, two).updates.keys()]).toEqual([query.path]);
});

test("layers of a bare network are found where its paths begin with their list", () => {
  const linears = [0, 1].map((layer) => ({ ...query, path: `model.layers.${layer}.q_proj` }));
  const config = { target_modules: ["q_proj"], layers_to_transform: [1], layers_pattern: "layers" };
  const folder = adapter(pair("base_model.model.layers.1.q_proj"), config);
  expect([...readPeft(folder, { linears, head: new Map() }).updates.keys()]).toEqual(["model.layers.1.q_proj"]);
});

test("a repetition of Python's without a least number counts from 0", () => {
  const folder = adapter(pair("base_model.model.bert.encoder.layer.0.query"), {
    target_modules: ".*\\.[0-9]{,2}\\.query",
  });
  expect([...readPeft(folder, network).updates.keys()]).toEqual([query.path]);
});
