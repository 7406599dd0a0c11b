import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LinearSite } from "@blora/spec";
import { type WritableTensor, writeSafetensors } from "@blora/weights";
import { describe, expect, test } from "vitest";
import { describeAdapter, readPeft } from "../src/index.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const site: LinearSite = { path: "model.layers.0.q_proj", role: "query", inFeatures: 2, outFeatures: 2 };
const embedding = Float32Array.of(1, 2, 3, 4);
const BASE: Readonly<Record<string, Float32Array>> = {
  "model.embed_tokens.weight": embedding,
  "model.norm.weight": Float32Array.of(1, 1),
};
const network = { linears: [site], head: new Map(), baseTensor: (name: string) => BASE[name] };
const tensor = (...values: number[]): WritableTensor => ({
  shape: values.length === 2 ? [2] : [values.length / 2, 2],
  values: Float32Array.from(values),
});

/** An adapter of `site` with more tensors. */
function adapter(more: Readonly<Record<string, WritableTensor>>): string {
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, "adapter_config.json"),
    JSON.stringify({ peft_type: "LORA", r: 1, lora_alpha: 2, target_modules: ["q_proj"] }),
  );
  const tensors = {
    [`base_model.model.${site.path}.lora_A.weight`]: { shape: [1, 2], values: Float32Array.of(1, 2) },
    [`base_model.model.${site.path}.lora_B.weight`]: { shape: [2, 1], values: Float32Array.of(3, 5) },
    ...Object.fromEntries(Object.entries(more).map(([name, values]) => [`base_model.model.${name}`, values])),
  };
  writeSafetensors(join(folder, "adapter_model.safetensors"), new Map(Object.entries(tensors)));
  return folder;
}

describe("what PEFT saves along with an adapter", () => {
  test("changes nothing where it is the base model's own, also as the output of shared embeddings", () => {
    const same = tensor(...embedding);
    const { updates, head } = readPeft(adapter({ "model.embed_tokens.weight": same, "lm_head.weight": same }), network);
    expect([...updates.keys()]).toEqual([site.path]);
    expect(head).toEqual({});
  });

  test.each([
    [
      "model.embed_tokens.weight",
      tensor(1, 2, 3, 5),
      "embeddings that were saved along, by save_embedding_layers or modules_to_save, are not read where they are not the base model's)",
    ],
    ["model.embed_tokens.weight", tensor(1, 2, 3, 4, 0, 0), "embeddings that were saved along"],
    ["lm_head.weight", tensor(1, 2, 3, 5), "embeddings that were saved along"],
    [
      "model.norm.weight",
      tensor(1, 2),
      "modules that were trained as a whole, by modules_to_save, are read only where they are the head",
    ],
    ["model.embed_tokens.lora_embedding_A", tensor(1, 2), "updates of embeddings are not read"],
    ["lm_head.lora_A.weight", tensor(1, 2, 3, 4), "updates of the output matrix are not read"],
  ])("is refused where it is trained: %s", (name, values, reason) => {
    expect(() => readPeft(adapter({ [name]: values }), network)).toThrow(
      `base_model.model.${name} is unexpected (${reason}`,
    );
  });

  test("a folder of adapters with names says which", async () => {
    const folder = temporaryFolder();
    for (const name of ["theirs", "mine", "none"]) mkdirSync(join(folder, name));
    for (const name of ["theirs", "mine"]) writeFileSync(join(folder, name, "adapter_config.json"), "{}");
    await expect(describeAdapter(folder)).rejects.toThrow(
      "found neither. Name one of the adapters in it: mine, theirs.",
    );
  });
});
