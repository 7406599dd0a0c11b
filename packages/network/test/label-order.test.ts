import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bert } from "@blora/model-bert";
import type { Head } from "@blora/spec";
import { openCheckpoint } from "@blora/weights";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeTinyBert } from "../../../internal/tiny-models/tiny-bert.ts";
import { labelOrder } from "../src/label-order.ts";
import { openNetwork } from "../src/network.ts";
import { openBase } from "../src/open-network.ts";
import { readPlainAdapter } from "../src/read-plain-adapter.ts";

const MNLI: Head = { kind: "classification", labels: ["entailment", "neutral", "contradiction"] };
const named = (...labels: string[]): { id2label: Record<string, string> } => ({
  id2label: Object.fromEntries(labels.map((label, index) => [index, label])),
});

describe("the order of a checkpoint's labels", () => {
  it.each<[string, object, readonly number[] | undefined]>([
    ["that are the head's", named("entailment", "neutral", "contradiction"), undefined],
    ["in another case, as roberta-large-mnli has them", named("CONTRADICTION", "NEUTRAL", "ENTAILMENT"), [2, 1, 0]],
    ["that go around, each at its own place", named("neutral", "contradiction", "entailment"), [2, 0, 1]],
    ["whose indices are not in order", { id2label: { 2: "entailment", 0: "contradiction", 1: "neutral" } }, [2, 1, 0]],
    ["that only label2id names", { label2id: { contradiction: 0, entailment: 1, neutral: 2 } }, [1, 2, 0]],
    ["without names", named("LABEL_0", "LABEL_1", "LABEL_2"), undefined],
    ["that are not there", {}, undefined],
    ["of another number", named("contradiction", "entailment"), undefined],
    ["of another task", named("yes", "maybe", "no"), undefined],
    ["of another task, one name at the same place", named("negative", "Neutral", "positive"), undefined],
  ])("%s", (_, config, expected) => {
    expect(labelOrder(config as never, MNLI, "model")).toEqual(expected);
  });

  it("is compared without case, spaces and hyphens, and not for a number", () => {
    const head: Head = { kind: "classification", labels: ["not_entailment", "entailment"] };
    expect(labelOrder(named("Entailment", "Not-Entailment"), head, "model")).toEqual([1, 0]);
    expect(labelOrder(named("entailment", "not entailment"), head, "model")).toEqual([1, 0]);
    expect(labelOrder(named("a", "b"), { kind: "regression" }, "model")).toBeUndefined();
  });

  it("that shares names at other places is refused with both lists", () => {
    expect(() => labelOrder(named("neutral", "negative", "positive"), MNLI, "the model")).toThrow(
      "the model: expected a head for the labels entailment, neutral, contradiction, found one for neutral, negative, positive in id2label of its config.json.",
    );
  });
});

describe("a network with a trained head", () => {
  let folder: string;
  const at = (name: string): string => join(folder, name);
  const open = (name: string) => openNetwork(bert(), openCheckpoint(at(name)), name);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "blora-labels-"));
    const config = (labels: readonly string[]): object => ({
      model_type: "bert",
      hidden_act: "gelu",
      hidden_size: 24,
      intermediate_size: 40,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      max_position_embeddings: 40,
      type_vocab_size: 2,
      vocab_size: 112,
      layer_norm_eps: 1e-12,
      ...named(...labels),
    });
    const write = (name: string, labels: readonly string[]): void =>
      writeTinyBert(at(name), { labels: 3, files: { "config.json": config(labels) } });
    write("same", MNLI.kind === "classification" ? MNLI.labels : []);
    write("turned", ["CONTRADICTION", "ENTAILMENT", "NEUTRAL"]);
    write("unnamed", ["LABEL_0", "LABEL_1", "LABEL_2"]);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("gives each label its own row of weights and bias, and nothing else another place", () => {
    const stored = open("same").tensors(MNLI);
    const turned = open("turned").tensors(MNLI);
    expect([stored.isReordered, turned.isReordered, open("unnamed").tensors(MNLI).isReordered]).toEqual([
      false,
      true,
      false,
    ]);
    const rowsOf = (values: Float32Array): number[][] =>
      [0, 1, 2].map((row) => {
        const width = values.length / 3;
        return Array.from(values.subarray(row * width, (row + 1) * width));
      });
    for (const name of ["classifier.weight", "classifier.bias"]) {
      const [contradiction, entailment, neutral] = rowsOf(stored.read(name)!);
      expect(rowsOf(turned.read(name)!), name).toEqual([entailment, neutral, contradiction]);
      expect(open("unnamed").tensors(MNLI).read(name), name).toEqual(stored.read(name));
    }
    expect(turned.read("bert.pooler.dense.weight")).toEqual(stored.read("bert.pooler.dense.weight"));
    const { weights } = openBase(open("turned"), MNLI);
    expect(weights.head["classifier.bias"]!.values).toEqual(turned.read("classifier.bias"));
  });

  it("does not take an adapter of PEFT, whose labels have no names, for another order than its base's", async () => {
    const { writeFileSync, mkdirSync } = await import("node:fs");
    mkdirSync(at("adapter"));
    writeFileSync(at("adapter/adapter_config.json"), JSON.stringify({ peft_type: "LORA", task_type: "SEQ_CLS", r: 2 }));
    await expect(readPlainAdapter(at("adapter"), open("turned"), MNLI)).rejects.toThrow(
      `${at("adapter")}: expected an adapter whose labels are in the task's order, found one that names none`,
    );
  });
});
