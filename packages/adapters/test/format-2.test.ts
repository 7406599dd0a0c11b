import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type WritableTensor, writeSafetensors } from "@blora/weights";
import { expect, test } from "vitest";
import { describeAdapter, readAdapter, readPeft } from "../src/index.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const SITE = { path: "layer.query", role: "query", inFeatures: 3, outFeatures: 2 };

const numbers = (shape: number[], ...values: number[]): WritableTensor => ({
  shape,
  values: Float32Array.from(values),
});
const parameter = (name: string, group: string, shape: string, rest = "") =>
  `{"name":"layer.query/${name}","group":"${group}","shape":${shape}${rest}}`;

/** An adapter as format 2 wrote it, packed files alone. */
function written(
  method: string,
  bits: string,
  parameters: readonly string[],
  tensors: Record<string, WritableTensor>,
): string {
  const folder = temporaryFolder();
  const text = `{
  "formatVersion": 2,
  "baseModel": "org/tiny",
  "task": "letters",
  "head": {"kind":"regression"},
  "method": {"$plugin":"method/${method}"},
  "maxSeqLength": 32,
  "ranks": {"layer.query":1},
  "bits": {"layer.query":${bits}},
  "bops": {"scope":"adapter","unit":"bit operations","macs":5,"bitOperations":5120,"baseline":5120,"ratio":1},
  "ledger": [],
  "state": {
  "layouts": {"layer.query":{"rank":1}},
  "parameters": [
    ${parameters.join(",\n    ")}
  ]
  }
}
`;
  writeFileSync(join(folder, "blora_config.json"), text);
  writeSafetensors(join(folder, "blora_model.safetensors"), new Map(Object.entries(tensors)));
  return folder;
}

test("LoRA of format 2 loads", async () => {
  const folder = written(
    "lora",
    '{"A":32,"B":32}',
    [parameter("A", "weights", "[1,3]"), parameter("B", "weights", "[2,1]")],
    {
      "layer.query/A": numbers([1, 3], 0.5, -1, 2),
      "layer.query/B": numbers([2, 1], 3, -0.25),
      scalars: numbers([0]),
    },
  );
  const { weights, description } = await readAdapter(folder);
  expect(weights.adapters.get("layer.query")).toEqual({
    layout: { rank: 1 },
    parameters: {
      A: { shape: [1, 3], group: "weights", values: Float32Array.of(0.5, -1, 2) },
      B: { shape: [2, 1], group: "weights", values: Float32Array.of(3, -0.25) },
    },
  });
  expect(description.bits).toEqual({ "layer.query": { A: 32, B: 32 } });
});

test("AdaLoRA of format 2 loads, scalars included", async () => {
  const folder = written(
    "adalora",
    '{"A":32,"E":32,"B":32}',
    [
      parameter("A", "weights", "[1,3]"),
      parameter("E", "weights", "[1]"),
      parameter("B", "weights", "[2,1]"),
      parameter("importance.E", "frozen", "[1]"),
      parameter("count", "frozen", "[]"),
    ],
    {
      "layer.query/A": numbers([1, 3], 0.5, -1, 2),
      "layer.query/E": numbers([1], 0.75),
      "layer.query/B": numbers([2, 1], 3, -0.25),
      "layer.query/importance.E": numbers([1], 0.125),
      scalars: numbers([1], 7),
    },
  );
  const { parameters } = (await readAdapter(folder)).weights.adapters.get("layer.query")!;
  expect(Object.entries(parameters).map(([name, { values }]) => [name, ...values])).toEqual([
    ["A", 0.5, -1, 2],
    ["E", 0.75],
    ["B", 3, -0.25],
    ["importance.E", 0.125],
    ["count", 7],
  ]);
});

test("codes of format 2 are refused, and what the error says loads the same update", async () => {
  const folder = written(
    "blora",
    '{"A":4,"B":32}',
    [parameter("B", "weights", "[2,1]"), parameter("A", "weights", "[1,3]", ',"bits":4,"signed":true')],
    {
      "layer.query/A": { shape: [2], values: Uint8Array.of(0xe1, 0x04) },
      "layer.query/B": numbers([2, 1], 3, -0.25),
      scalars: numbers([1], 0.5),
    },
  );
  const config = { peft_type: "LORA", r: 1, lora_alpha: 1, target_modules: ["layer.query"] };
  writeFileSync(join(folder, "adapter_config.json"), JSON.stringify(config));
  const peft = {
    "base_model.model.layer.query.lora_A.weight": numbers([1, 3], 0.5, -1, 2),
    "base_model.model.layer.query.lora_B.weight": numbers([2, 1], 3, -0.25),
  };
  writeSafetensors(join(folder, "adapter_model.safetensors"), new Map(Object.entries(peft)));

  await expect(readAdapter(folder)).rejects.toThrow(
    `${join(folder, "blora_config.json")}: expected formatVersion 3, found 2 with one bit width for a whole matrix in state.parameters.1.bits, which is no longer read. The PEFT files beside it hold the same update: move blora_config.json and blora_model.safetensors away, and the folder loads as plain LoRA.`,
  );

  const away = temporaryFolder();
  for (const name of ["blora_config.json", "blora_model.safetensors"]) renameSync(join(folder, name), join(away, name));
  expect(await describeAdapter(folder)).toBeUndefined();
  const { updates } = readPeft(folder, { linears: [SITE], head: new Map() });
  expect(updates.get("layer.query")).toEqual({
    rank: 1,
    scale: 1,
    A: Float32Array.of(0.5, -1, 2),
    B: Float32Array.of(3, -0.25),
  });
});

test.each(["null", "[null]", "{}", '[{"bits":4}]'])("parameters of format 2 may be damaged: %s", async (damage) => {
  const folder = written("lora", "{}", [], { scalars: numbers([0]) });
  const path = join(folder, "blora_config.json");
  writeFileSync(path, readFileSync(path, "utf8").replace(/"parameters": \[\s*\]/, `"parameters": ${damage}`));
  await expect(readAdapter(folder)).rejects.toThrow(/blora_config\.json: expected .* found .*state\.parameters/);
});
