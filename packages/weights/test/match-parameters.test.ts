import type { ParameterSpec } from "@blora/spec";
import { describe, expect, it } from "vitest";
import { type CheckpointTensor, matchParameters } from "../src/index.ts";

const parameter = (name: string, shape: readonly number[], role: "base" | "head" = "base"): ParameterSpec => ({
  name,
  shape,
  role,
  init: { kind: "zeros" },
});
const checkpoint = (shapes: Readonly<Record<string, readonly number[]>>) => ({
  folder: "tiny",
  names: Object.keys(shapes).sort(),
  tensors: new Map(
    Object.entries(shapes).map(([name, shape]): [string, CheckpointTensor] => [
      name,
      { name, type: "F32", shape, source: { path: "tiny/model.safetensors", offset: 0, length: 0 } },
    ]),
  ),
});

describe("matchParameters", () => {
  it("finds tensors by name or alias, and returns those no parameter takes", () => {
    const aliases = (name: string) => [`old.${name}`, name.replace("weight", "gamma")];
    const match = matchParameters(
      [parameter("a.weight", [2]), parameter("b.weight", [3]), parameter("c.weight", [1])],
      checkpoint({ "a.weight": [2], "old.a.weight": [2], "old.b.weight": [3], "c.gamma": [1], "z.extra": [4] }),
      { aliases },
    );
    expect(match).toEqual({
      found: new Map([
        ["a.weight", "a.weight"],
        ["b.weight", "old.b.weight"],
        ["c.weight", "c.gamma"],
      ]),
      initialized: [],
      unexpected: ["old.a.weight", "z.extra"],
    });
  });

  it("reports head tensors that are missing as newly initialized", () => {
    const head = parameter("classifier.weight", [2, 4], "head");
    const match = matchParameters([parameter("a", [1]), head], checkpoint({ a: [1] }));
    expect(match.initialized).toEqual([head]);
    expect([...match.found.keys()]).toEqual(["a"]);
  });

  it("lists all missing and misshapen tensors at once, with both shapes", () => {
    const parameters = [parameter("a", [1]), parameter("b", [2, 3]), parameter("c", [1]), parameter("d", [4])];
    expect(() => matchParameters(parameters, checkpoint({ b: [3, 2], d: [4, 1] }))).toThrow(
      "The checkpoint in tiny lacks 2 tensors of the model: a, c, and has tensors of another shape: " +
        "b: expected [2, 3], found [3, 2]; d: expected [4], found [4, 1]",
    );
  });

  it("says of an output matrix alone that is missing how a model shares its embedding", () => {
    const parameters = ["model.embed_tokens.weight", "lm_head.weight"].map((name) => parameter(name, [2]));
    expect(() => matchParameters(parameters, checkpoint({ "model.embed_tokens.weight": [2] }))).toThrow(
      /lacks 1 tensors of the model: lm_head\.weight\. Set tie_word_embeddings of its config\.json to true where/,
    );
    expect(() => matchParameters(parameters, checkpoint({}))).toThrow(/lm_head\.weight$/);
  });

  it("refuses layers that the configuration does not count, and lets a head of pretraining be", () => {
    const layer = (index: number) => `encoder.layer.${index}.dense.weight`;
    const aliases = (name: string) => [`bert.${name}`];
    const weights = checkpoint({
      ...Object.fromEntries([0, 1, 2, 3].map((index) => [`bert.${layer(index)}`, [2]])),
      ...{ "cls.0.dense.weight": [2], "bert.encoder.layer.0.inv_freq": [2] },
    });
    const parameters = (layers: number) => Array.from({ length: layers }, (_, index) => parameter(layer(index), [2]));
    expect(() => matchParameters(parameters(2), weights, { aliases })).toThrow(
      "The checkpoint in tiny has 2 tensors of layers that its config.json does not count: " +
        "bert.encoder.layer.2.dense.weight, bert.encoder.layer.3.dense.weight. " +
        "Set its number of layers (num_hidden_layers) to that of the weights",
    );
    expect(matchParameters(parameters(4), weights, { aliases }).unexpected).toEqual([
      "bert.encoder.layer.0.inv_freq",
      "cls.0.dense.weight",
    ]);
  });

  it("refuses weights and biases in a layer that the configuration does not ask for, and lets other tensors be", () => {
    const weights = (added: string) =>
      checkpoint({ "model.layers.0.q_proj.weight": [2], "model.layers.1.q_proj.weight": [2], [added]: [2] });
    const parameters = ["0", "1"].map((layer) => parameter(`model.layers.${layer}.q_proj.weight`, [2]));
    for (const added of ["q_proj.bias", "q_norm.weight", "q_proj.lora_A.default.weight"]) {
      expect(() => matchParameters(parameters, weights(`model.layers.1.${added}`))).toThrow(
        `The checkpoint in tiny has 1 tensors of layers that the model of its config.json does not: model.layers.1.${added}. Set the option that asks for them, such as attention_bias, or merge what was added to the model in training`,
      );
    }
    for (const added of ["model.layers.1.rotary_emb.inv_freq", "lm_head.bias", "cls.0.dense.weight"]) {
      expect(matchParameters(parameters, weights(added)).unexpected).toEqual([added]);
    }
  });

  it("replaces a head of another shape only where that is asked for", () => {
    const head = parameter("classifier.weight", [2, 4], "head");
    const mnli = checkpoint({ "classifier.weight": [3, 4] });
    expect(() => matchParameters([head], mnli)).toThrow(/classifier\.weight: expected \[2, 4\], found \[3, 4\]/);
    expect(matchParameters([head], mnli, { replaceHead: true })).toEqual({
      found: new Map(),
      initialized: [head],
      unexpected: ["classifier.weight"],
    });
  });
});
