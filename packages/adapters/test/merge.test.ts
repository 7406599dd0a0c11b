import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hardConcrete } from "@blora/gates";
import { blora } from "@blora/lora";
import { qwen2 } from "@blora/model-qwen2";
import { bayesianBits, uniform } from "@blora/quantizers";
import type { Architecture, Parameter } from "@blora/spec";
import { expectAllClose, useCpuBackend } from "@blora/testing";
import {
  openCheckpoint,
  readSafetensorsHeader,
  readTensor,
  type WritableTensor,
  writeSafetensors,
} from "@blora/weights";
import { describe, expect, test } from "vitest";
import { exportUpdates, type MergeOptions, mergeAdapter, mergedWeight } from "../src/index.ts";
import { FAMILIES, FAMILY_NAMES, type FamilyName, FIXTURES } from "./support/families.ts";
import { method, ourAdapters } from "./support/our-adapters.ts";
import { temporaryFolder } from "./temporary-folder.ts";

useCpuBackend();

const adapters = new Map(ourAdapters().map((one) => [one.name, one]));

function optionsOf(name: string, out: string): MergeOptions {
  const { adapter } = adapters.get(name)!;
  const { architecture, folder } = FAMILIES[name.split(".")[0] as FamilyName];
  return {
    architecture: architecture as Architecture,
    checkpoint: openCheckpoint(fileURLToPath(new URL(folder, FIXTURES))),
    method,
    head: adapter.description.head,
    weights: adapter.weights,
    out,
  };
}

/** What `fixtures/peft/load-merged.py` found of a merged model. */
interface Loaded {
  readonly largestError: number;
  readonly missingKeys: readonly string[];
  readonly unexpectedKeys: readonly string[];
}

describe("merging", () => {
  test.each(FAMILY_NAMES.map((family) => `${family}.mixed`))("gives the logits of the adapter: %s", async (name) => {
    const write = process.env.BLORA_MERGED_FOLDER;
    const out = join(write ?? temporaryFolder(), name);
    const options = optionsOf(name, out);
    const { merged } = await mergeAdapter(options);
    const { family, adapter } = adapters.get(name)!;
    expect(merged).toBe(family.linears.length);
    const result = openCheckpoint(out);
    for (const [path, update] of exportUpdates(method, family.linears, adapter.weights)) {
      expectAllClose(result.read(`${path}.weight`), mergedWeight(options.checkpoint.read(`${path}.weight`), update), {
        absolute: 0,
      });
    }
    for (const [tensor, { values }] of Object.entries(adapter.weights.head))
      expect(result.read(tensor)).toEqual(values);
    const untouched = options.checkpoint.names.filter(
      (tensor) => !(tensor in adapter.weights.head) && !family.linears.some(({ path }) => tensor === `${path}.weight`),
    );
    for (const tensor of untouched) expect(result.read(tensor)).toEqual(options.checkpoint.read(tensor));
  });

  test("was held against transformers, which loads every key and gives the logits within 1e-4", () => {
    const file = new URL("peft/ours/merged-in-transformers.json", FIXTURES);
    const { results } = JSON.parse(readFileSync(file, "utf8")) as { results: Record<string, Loaded> };
    expect(Object.keys(results).sort()).toEqual(FAMILY_NAMES.map((family) => `${family}.mixed`).sort());
    for (const [name, { largestError, ...keys }] of Object.entries(results)) {
      expect(largestError, name).toBeLessThan(1e-4);
      expect(keys, name).toEqual({ missingKeys: [], unexpectedKeys: [] });
    }
  });

  test("makes a language model that classifies one that transformers loads: names, padding, no output layer", async () => {
    const source = openCheckpoint(fileURLToPath(new URL("causal/qwen1.5-untied-bfloat16/", FIXTURES)));
    const head = { kind: "classification", labels: ["no", "yes"] } as const;
    const score: Parameter = { shape: [2, 24], values: new Float32Array(48).fill(0.5), group: "head" };
    const weights = { adapters: new Map(), head: { "score.weight": score } };
    const out = join(temporaryFolder(), "merged");
    const options = { architecture: qwen2() as Architecture, checkpoint: source, method, head, weights, out };
    await mergeAdapter({ ...options, padId: 7 });
    const { config, names, read } = openCheckpoint(out);
    expect(config).toMatchObject({
      architectures: ["Qwen2ForSequenceClassification"],
      pad_token_id: 7,
      id2label: { 0: "no", 1: "yes" },
    });
    const expected = [...source.names.filter((name) => name !== "lm_head.weight"), "score.weight"];
    expect(names).toEqual(expected.sort());
    expect(read("score.weight")).toEqual(score.values);
  });

  test.each(["F16", "BF16"] as const)("keeps %s and rounds to nearest, ties to even", async (type) => {
    const base = temporaryFolder();
    const source = openCheckpoint(fileURLToPath(new URL(FAMILIES.phi.folder, FIXTURES)));
    const halves = source.names.map((name): [string, WritableTensor] => [
      name,
      { type, shape: source.tensors.get(name)!.shape, values: source.read(name) },
    ]);
    writeSafetensors(join(base, "model.safetensors"), new Map(halves));
    writeFileSync(join(base, "config.json"), JSON.stringify(source.config));
    const out = join(temporaryFolder(), "merged");
    const options = { ...optionsOf("phi.mixed", out), checkpoint: openCheckpoint(base) };
    await mergeAdapter(options);
    const result = openCheckpoint(out);
    expect(new Set([...result.tensors.values()].map((tensor) => tensor.type))).toEqual(new Set([type]));
    const { family, adapter } = adapters.get("phi.mixed")!;
    const expected = join(temporaryFolder(), "expected.safetensors");
    for (const [path, update] of exportUpdates(method, family.linears, adapter.weights)) {
      const values = mergedWeight(options.checkpoint.read(`${path}.weight`), update);
      writeSafetensors(expected, new Map([["w", { type, shape: [values.length], values }]]));
      expect(result.read(`${path}.weight`)).toEqual(readTensor(readSafetensorsHeader(expected), "w"));
    }
  });

  /** Options with the base in another type, and values of one of its tensors changed. */
  function changedBase(type: "F32" | "F16", changed: string, change: (values: Float32Array) => void): MergeOptions {
    const base = temporaryFolder();
    const options = optionsOf("phi.mixed", join(temporaryFolder(), "merged"));
    const { tensors, names, config, read } = options.checkpoint;
    const written = names.map((name): [string, WritableTensor] => {
      const values = read(name);
      if (name === changed) change(values);
      return [name, { type, shape: tensors.get(name)!.shape, values }];
    });
    writeSafetensors(join(base, "model.safetensors"), new Map(written));
    writeFileSync(join(base, "config.json"), JSON.stringify(config));
    return { ...options, checkpoint: openCheckpoint(base) };
  }

  test.each([
    ["model.final_layernorm.weight", "F32", Number.NaN, "NaN"],
    ["model.final_layernorm.weight", "F16", -Infinity, "Infinity"],
    ["model.layers.0.self_attn.q_proj.weight", "F32", Number.NaN, "NaN"],
  ] as const)("refuses a base whose %s of type %s holds %f, and writes nothing", async (name, type, value, found) => {
    const options = changedBase(type, name, (values) => values.fill(value, 3, 4));
    await expect(mergeAdapter(options)).rejects.toMatchObject({
      name: "NumericalError",
      message: `Expected finite values in the merged tensor ${name}, found ${found} at entry 3: the base or the adapter holds it, or the sum does not fit ${type}.`,
    });
    expect(existsSync(options.out)).toBe(false);
  });

  test("refuses a sum that float16 cannot hold, and writes nothing", async () => {
    const path = "model.layers.0.self_attn.q_proj";
    const options = changedBase("F16", "", () => undefined);
    const adapter = options.weights.adapters.get(path)!;
    const B = { ...adapter.parameters.B!, values: adapter.parameters.B!.values.map(() => 1e6) };
    const adapters = new Map(options.weights.adapters);
    adapters.set(path, { ...adapter, parameters: { ...adapter.parameters, B } });
    await expect(mergeAdapter({ ...options, weights: { ...options.weights, adapters } })).rejects.toThrow(
      `merged tensor ${path}.weight, found Infinity at entry 0: the base or the adapter holds it, or the sum does not fit F16.`,
    );
    expect(existsSync(options.out)).toBe(false);
  });

  test("splits into shards with an index, one tensor each where that is all that fits", async () => {
    const out = join(temporaryFolder(), "merged");
    const options = { ...optionsOf("bert.mixed", out), maxShardBytes: 8000 };
    const { files } = await mergeAdapter(options);
    expect(files.length).toBeGreaterThan(2);
    expect(files[0]).toBe(`model-00001-of-${String(files.length).padStart(5, "0")}.safetensors`);
    expect(openCheckpoint(out).names.length).toBe(options.checkpoint.names.length);
    const index = JSON.parse(readFileSync(join(out, "model.safetensors.index.json"), "utf8"));
    expect(Object.keys(index.weight_map)).toHaveLength(options.checkpoint.names.length);
  });

  test("writes the labels and copies tokenizer files, and nothing else", async () => {
    const base = temporaryFolder();
    const source = fileURLToPath(new URL(FAMILIES.bert.folder, FIXTURES));
    for (const name of ["model.safetensors", "config.json"])
      writeFileSync(join(base, name), readFileSync(join(source, name)));
    writeFileSync(join(base, "vocab.txt"), "[PAD]");
    writeFileSync(join(base, "secret.env"), "x");
    const out = join(temporaryFolder(), "merged");
    const head = { kind: "classification", labels: ["no", "yes", "maybe"] } as const;
    await mergeAdapter({ ...optionsOf("bert.mixed", out), checkpoint: openCheckpoint(base), head });
    expect(readdirSync(out).sort()).toEqual(["config.json", "model.safetensors", "vocab.txt"]);
    expect(JSON.parse(readFileSync(join(out, "config.json"), "utf8"))).toMatchObject({
      architectures: ["BertForSequenceClassification"],
      id2label: { 0: "no", 1: "yes", 2: "maybe" },
      label2id: { no: 0, yes: 1, maybe: 2 },
    });
  });

  test.each([
    ["bert", 512, 24, 24],
    ["bert", 16, 24, 16],
    ["bert", undefined, 24, 24],
    ["bert", 512, undefined, 512],
    ["phi", 512, 24, 512],
  ] as const)(
    "keeps where texts are cut: %s, by the tokenizer at %s, in training at %s",
    async (family, given, trained, expected) => {
      const base = temporaryFolder();
      cpSync(fileURLToPath(new URL(FAMILIES[family].folder, FIXTURES)), base, { recursive: true });
      const config = { do_lower_case: true, ...(given !== undefined && { model_max_length: given }) };
      writeFileSync(join(base, "tokenizer_config.json"), JSON.stringify(config));
      const out = join(temporaryFolder(), "merged");
      const options = { ...optionsOf(`${family}.mixed`, out), checkpoint: openCheckpoint(base) };
      await mergeAdapter({ ...options, ...(trained !== undefined && { maxSeqLength: trained }) });
      expect(JSON.parse(readFileSync(join(out, "tokenizer_config.json"), "utf8"))).toEqual({
        do_lower_case: true,
        model_max_length: expected,
      });
    },
  );

  test("refuses a base that evaluation rounds unless asked, and then writes it rounded", async () => {
    const out = join(temporaryFolder(), "merged");
    const options = optionsOf("bert.mixed", out);
    const rounding = blora({
      quantizer: uniform({ bits: 32 }),
      siteQuantizer: bayesianBits({ gate: hardConcrete() }),
      rank: 8,
      alpha: 8,
      scope: "site",
    });
    const range = { shape: [1], values: Float32Array.of(0), group: "ranges" } as const;
    const weights = {
      head: {},
      adapters: new Map(
        [...options.weights.adapters].map(([path, { layout, parameters }]) => [
          path,
          {
            layout: { ...layout, bits: { ...(layout.bits as object), W0: [4] } },
            parameters: { ...parameters, "W0.logRange": range },
          },
        ]),
      ),
    };
    const site = { ...options, method: rounding, weights };
    await expect(mergeAdapter(site)).rejects.toThrow(
      "expected an adapter whose evaluation rounds nothing besides itself, found scope site",
    );
    await mergeAdapter({ ...site, plain: true });
    const [path, adapter] = [...weights.adapters][0]!;
    const { linears } = adapters.get("bert.mixed")!.family;
    const update = rounding.export(linears.find((linear) => linear.path === path)!, adapter);
    const rounded = rounding.artifacts!.roundBase!(adapter, options.checkpoint.read(`${path}.weight`));
    expect(new Set(rounded).size).toBeLessThanOrEqual(16);
    expectAllClose(openCheckpoint(out).read(`${path}.weight`), mergedWeight(rounded, update), { absolute: 0 });
  });

  test("never writes over a folder that holds something", async () => {
    const out = temporaryFolder();
    mkdirSync(join(out, "mine"));
    await expect(mergeAdapter(optionsOf("bert.mixed", out))).rejects.toThrow(
      `${out}: expected a folder to write that is absent or empty`,
    );
  });
});
