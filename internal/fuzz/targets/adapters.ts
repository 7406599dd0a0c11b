import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readAdapter, readPeft, writeAdapter } from "@blora/adapters";
import type { LinearSite } from "@blora/spec";
import { registry } from "../../../apps/cli/src/registry.ts";
import { method, SITES, tinyAdapter } from "../../../packages/adapters/test/tiny-adapter.ts";
import type { Place, Target } from "../target.ts";
import { naming } from "./naming.ts";
import { safetensors } from "./weights.ts";

const linears: readonly LinearSite[] = [0, 1].map((layer) => ({
  path: `layer.${layer}.query`,
  role: "query",
  inFeatures: 3,
  outFeatures: 2,
}));
const network = { linears, head: new Map([["classifier.weight", [2, 3]]]), baseHead: () => new Float32Array(6) };

const PEFT_CONFIG = {
  peft_type: "LORA",
  task_type: "SEQ_CLS",
  base_model_name_or_path: "org/model",
  r: 2,
  lora_alpha: 4,
  target_modules: ["query"],
};

function peftTensors(): Buffer {
  const header: Record<string, object> = {};
  let end = 0;
  const add = (name: string, shape: readonly [number, number]): void => {
    const begin = end;
    end += 4 * shape[0] * shape[1];
    header[`base_model.model.${name}.weight`] = { dtype: "F32", shape, data_offsets: [begin, end] };
  };
  for (const { path } of linears) {
    add(`${path}.lora_A`, [2, 3]);
    add(`${path}.lora_B`, [2, 2]);
  }
  add("classifier", [2, 3]);
  return safetensors(header, end);
}

const peftConfig: Target = {
  name: "peft-config",
  names: "peft-config",
  words: [
    ...[
      "LORA",
      "ADALORA",
      "peft_type",
      "r",
      "init_r",
      "lora_alpha",
      "target_modules",
      "exclude_modules",
      "modules_to_save",
    ],
    ...[
      "rank_pattern",
      "alpha_pattern",
      "layers_to_transform",
      "layers_pattern",
      "use_rslora",
      "use_dora",
      "bias",
      "none",
    ],
    ...[
      "all-linear",
      ".*query",
      "(a+)+$",
      "[",
      "layer.0.query",
      "^layer",
      "classifier",
      "base_model.model.query",
      "lora_bias",
    ],
  ],
  json: true,
  tried: 640,
  seconds: 2.5,
  seeds: () =>
    [
      PEFT_CONFIG,
      {
        ...PEFT_CONFIG,
        target_modules: ".*query",
        rank_pattern: { "layer.0.query": 2 },
        alpha_pattern: { query: 8 },
        use_rslora: true,
      },
      {
        ...PEFT_CONFIG,
        layers_to_transform: [0, 1],
        layers_pattern: "layer",
        modules_to_save: ["classifier"],
        exclude_modules: ["key"],
      },
      { ...PEFT_CONFIG, peft_type: "ADALORA", init_r: 2, rank_pattern: { "layer.0.query.lora_E": [true, false] } },
    ].map((seed) => JSON.stringify(seed)),
  setUp: (place) => void place.write("adapter_model.safetensors", peftTensors()),
  read(bytes, place) {
    place.write("adapter_config.json", bytes);
    return readPeft(place.folder, network);
  },
};

const peftFile: Target = {
  name: "peft-tensors",
  names: "peft-tensors",
  words: [
    ".lora_A",
    ".lora_B",
    ".lora_E",
    ".default",
    "base_model.model.",
    "layer.0.query",
    "classifier",
    ".modules_to_save",
    "F32",
    "BF16",
  ],
  tried: 640,
  seeds: () => [peftTensors()],
  setUp: (place) => void place.write("adapter_config.json", JSON.stringify(PEFT_CONFIG)),
  read(bytes, place) {
    place.write("adapter_model.safetensors", bytes);
    return readPeft(place.folder, network);
  },
};

const packed = (name: string, file: "blora_config.json" | "blora_model.safetensors", json: boolean): Target => {
  let intact: Buffer | undefined;
  const setUp = async (place: Place): Promise<void> => {
    await writeAdapter(join(place.folder, "adapter"), method, SITES, tinyAdapter());
    intact = readFileSync(join(place.folder, "adapter", file));
  };
  return {
    name,
    names: name,
    words: [
      "method",
      "state",
      "layouts",
      "parameters",
      "codes",
      "bits",
      "signed",
      "vector",
      "row",
      "column",
      "shape",
      "group",
      "head",
      "formatVersion",
      "F32",
      "U8",
    ],
    json,
    tried: 640,
    seeds: () => (intact === undefined ? [] : [intact]),
    setUp,
    async read(bytes, place) {
      place.write(`adapter/${file}`, bytes);
      const { description } = await readAdapter(place.at("adapter"));
      naming(name, () => registry.resolve(description.method, "method"));
    },
  };
};

export const adapterTargets: readonly Target[] = [
  peftConfig,
  peftFile,
  packed("packed-config", "blora_config.json", true),
  packed("packed-tensors", "blora_model.safetensors", false),
];
