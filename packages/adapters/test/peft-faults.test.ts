import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "@blora/spec";
import { type WritableTensor, writeSafetensors } from "@blora/weights";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readPeft } from "../src/index.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { SITES } from "./tiny-adapter.ts";

const network = { linears: SITES, head: new Map([["classifier.weight", [2, 8]]]) };
const zeros = (...shape: number[]): WritableTensor => ({
  shape,
  values: new Float32Array(shape.reduce((product, dimension) => product * dimension, 1)),
});
const BASE = "base_model.model.";

/** A whole adapter of rank 2, with some keys of its configuration and some tensors replaced. */
function adapter(config: JsonObject = {}, tensors: Readonly<Record<string, WritableTensor | undefined>> = {}): string {
  const folder = temporaryFolder();
  const whole = { peft_type: "LORA", r: 2, lora_alpha: 4, target_modules: ["query"], ...config };
  writeFileSync(join(folder, "adapter_config.json"), JSON.stringify(whole));
  const all: Record<string, WritableTensor | undefined> = { [`${BASE}classifier.weight`]: zeros(2, 8) };
  for (const { path } of SITES) {
    all[`${BASE}${path}.lora_A.weight`] = zeros(2, 12);
    all[`${BASE}${path}.lora_B.weight`] = zeros(8, 2);
  }
  const kept = Object.entries({ ...all, ...tensors }).filter(
    (entry): entry is [string, WritableTensor] => entry[1] !== undefined,
  );
  writeSafetensors(join(folder, "adapter_model.safetensors"), new Map(kept));
  return folder;
}

const read = (folder: string) => readPeft(folder, network);
const A0 = `${BASE}encoder.layer.0.query.lora_A.weight`;

describe("an adapter of PEFT", () => {
  test("is read whole", () => {
    const { updates, head } = read(adapter());
    expect([...updates].map(([path, { rank, scale }]) => [path, rank, scale])).toEqual([
      ["encoder.layer.0.query", 2, 2],
      ["encoder.layer.1.query", 2, 2],
    ]);
    expect(Object.keys(head)).toEqual(["classifier.weight"]);
  });

  test("with names as older versions wrote them is read alike", () => {
    const folder = adapter(
      {},
      {
        [A0]: undefined,
        [`${BASE}encoder.layer.0.query.lora_A.default.weight`]: zeros(2, 12),
        [`${BASE}classifier.weight`]: undefined,
        [`${BASE}classifier.modules_to_save.default.weight`]: zeros(2, 8),
      },
    );
    expect(Object.keys(read(folder).head)).toEqual(["classifier.weight"]);
  });

  test.each<[string, JsonObject]>([
    ["an empty list of layers", { layers_to_transform: [] }],
    ["an empty name of the layers", { layers_to_transform: [0, 1], layers_pattern: "" }],
    [
      "a module by its whole path beside a layer",
      { layers_to_transform: [1], target_modules: ["encoder.layer.0.query", "query"] },
    ],
  ])("with %s adapts what PEFT does", (_, config) => {
    expect([...read(adapter(config)).updates.keys()]).toEqual(["encoder.layer.0.query", "encoder.layer.1.query"]);
  });

  test.each([null, ""])("that names its base model %j names none", (name) => {
    expect(read(adapter({ base_model_name_or_path: name })).config.baseModel).toBeUndefined();
  });

  test("that lacks tensors is refused with all of them (row 16)", () => {
    const folder = adapter({}, { [A0]: undefined, [`${BASE}encoder.layer.1.query.lora_B.weight`]: undefined });
    expect(() => read(folder)).toThrow(
      /layer\.0\.query\.lora_A is missing; encoder\.layer\.1\.query\.lora_B is missing/,
    );
  });

  test("with tensors of renamed or other modules is refused with their names (row 17)", () => {
    const folder = adapter(
      {},
      {
        [`${BASE}encoder.layer.0.Wqkv.lora_A.weight`]: zeros(2, 12),
        [`${BASE}LayerNorm.gamma`]: zeros(8),
        [`${BASE}encoder.layer.0.query.lora_magnitude_vector`]: zeros(8),
      },
    );
    expect(() => read(folder)).toThrow(
      /lora_magnitude_vector is unexpected.*Wqkv\.lora_A\.weight is unexpected.*LayerNorm\.gamma is unexpected/s,
    );
  });

  test("of other shapes is refused with both of each, head included (row 18)", () => {
    const folder = adapter({}, { [A0]: zeros(2, 16), [`${BASE}classifier.weight`]: zeros(3, 8) });
    expect(() => read(folder)).toThrow(
      /query\.lora_A\.weight has shape \[2, 16\], expected \[2, 12\]; .*classifier\.weight has shape \[3, 8\], expected \[2, 8\]/,
    );
  });

  test("whose configuration names code is data: nothing is imported (row 21)", () => {
    const folder = adapter({ auto_mapping: { base_model_class: "Evil", parent_library: "evil.module" } });
    expect(read(folder).updates.size).toBe(2);
  });

  test.each(["adapter_model.bin", "adapter_model.pt"])(
    "that is the pickle file %s is refused with the way to convert it (row 22)",
    (name) => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, "adapter_config.json"), JSON.stringify({ peft_type: "LORA" }));
      writeFileSync(join(folder, name), "");
      expect(() => read(folder)).toThrow(new RegExp(`${name}, which can run code.*save_file\\(torch\\.load`));
    },
  );

  test.each(["__proto__", "constructor", "prototype"])("with the key %s is refused (row 23)", (key) => {
    const folder = adapter();
    writeFileSync(join(folder, "adapter_config.json"), `{"peft_type":"LORA","${key}":{"r":1}}`);
    expect(() => read(folder)).toThrow(`the key "${key}" is not allowed`);
  });

  test.each(["1e999", "-1", "0", "1.5", "9007199254740993", "null1", '"8"'])(
    "with a rank of %s is refused before any tensor is read (row 25)",
    (rank) => {
      const folder = adapter();
      const path = join(folder, "adapter_config.json");
      writeFileSync(path, readFileSync(path, "utf8").replace('"r":2', `"r":${rank}`));
      expect(() => read(folder)).toThrow(/adapter_config\.json.*: expected/);
    },
  );

  test("with a pattern that matches nothing is refused with names that are near (row 26)", () => {
    const folder = adapter({ rank_pattern: { "encoder.layer.0.qeury": 1 }, alpha_pattern: { kye: 2 } });
    expect(() => read(folder)).toThrow(
      /rank_pattern "encoder\.layer\.0\.qeury" matches no adapted module \(did you mean encoder\.layer\.0\.query.*alpha_pattern "kye" matches no adapted module/,
    );
  });

  test.each([[["qeury"]], ["qeury"]])(
    "with targets %j that match nothing is refused with names that are near (row 27)",
    (targets) => {
      expect(() => read(adapter({ target_modules: targets }))).toThrow(
        /matches no linear map of the model \(did you mean query/,
      );
    },
  );

  test("with a pattern that takes forever is given up", () => {
    const folder = adapter({ target_modules: "(([a-z.0-9]|[a-z.]|[a-e])+)+!" });
    expect(() => read(folder)).toThrow(/target_modules.*takes longer than 1 s/);
  });

  test.each([
    ["use_dora", true],
    ["bias", "all"],
    ["lora_bias", true],
    ["init_lora_weights", "pissa"],
    ["layer_replication", [[0, 1]]],
    ["trainable_token_indices", [1]],
    ["peft_type", "LOHA"],
  ])("with %s = %j is refused by name", (option, value) => {
    expect(() => read(adapter({ [option]: value as never }))).toThrow(
      new RegExp(`adapter_config\\.json: expected a LoRA or AdaLoRA adapter of PEFT, found that .*${option}`),
    );
  });

  test("with values that are not finite is refused (row 12)", () => {
    const values = new Float32Array(24).fill(Number.POSITIVE_INFINITY);
    expect(() => read(adapter({}, { [A0]: { shape: [2, 12], values } }))).toThrow(
      /24 of 24 values that are not finite/,
    );
  });

  test("with any damage to its configuration is read or refused in words", () => {
    const folder = adapter({ rank_pattern: { "layer.0.query": 2 } });
    const path = join(folder, "adapter_config.json");
    const text = readFileSync(path, "utf8");
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.nat(12), fc.string({ maxLength: 3 }), (at, length, put) => {
        writeFileSync(path, text.slice(0, at) + put + text.slice(at + length));
        try {
          read(folder);
        } catch (error) {
          expect((error as Error).name).toMatch(/InvalidInputError|NotFoundError/);
        }
      }),
      { numRuns: 200 },
    );
  });
});
