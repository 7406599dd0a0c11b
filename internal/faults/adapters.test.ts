import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeAdapter, mergeAdapter, readAdapter, readPeft, writeAdapter } from "@blora/adapters";
import { createRegistry } from "@blora/core";
import { lora } from "@blora/lora";
import { bert } from "@blora/model-bert";
import { type Network, openNetwork } from "@blora/network";
import type { Head, Json } from "@blora/spec";
import { train } from "@blora/trainer";
import { openCheckpoint, readSafetensorsHeader, readTensors, readTensorValues, writeSafetensors } from "@blora/weights";
import { expect } from "vitest";
import { method, SITES, tinyAdapter } from "../../packages/adapters/test/tiny-adapter.ts";
import { architecture, writeTinyCheckpoint } from "../../packages/trainer/test/tiny-problem.ts";
import { tinyRun } from "../../packages/trainer/test/tiny-run.ts";
import { type TinyBert, writeTinyBert } from "../tiny-models/tiny-bert.ts";
import { fault, refusal } from "./fault.ts";

const HEAD: Head = { kind: "classification", labels: ["no", "yes"] };
const QUERY = "bert.encoder.layer.0.attention.self.query";
const H = 24;

type Tensors = ReturnType<typeof readTensors>;
type Tensor = NonNullable<ReturnType<Tensors["get"]>>;

function open(folder: string): Network {
  return openNetwork(bert(), openCheckpoint(folder), "tiny");
}

/** A tiny BERT some of whose tensors are changed, put under other names or left out. */
function changedBert(folder: string, change: (name: string) => string | undefined, options: TinyBert = {}): void {
  writeTinyBert(folder, options);
  const path = join(folder, "model.safetensors");
  const kept = [...readTensors(path)].flatMap(([name, tensor]) => {
    const renamed = change(name);
    return renamed === undefined ? [] : [[renamed, tensor] as const];
  });
  writeSafetensors(path, new Map(kept));
}

const zeros = (...shape: number[]): Tensor => ({
  shape,
  values: new Float32Array(shape.reduce((product, size) => product * size, 1)),
});

interface PeftChange {
  readonly config?: Readonly<Record<string, Json>>;
  /** By the name in the file, without its prefix. */
  readonly tensors?: Readonly<Record<string, Tensor>>;
}

/** An adapter of rank 2 on the first query, as PEFT writes it. */
function writePeftAdapter(folder: string, { config, tensors }: PeftChange = {}): void {
  mkdirSync(folder, { recursive: true });
  const whole = { peft_type: "LORA", r: 2, lora_alpha: 4, target_modules: [QUERY], ...config };
  writeFileSync(join(folder, "adapter_config.json"), JSON.stringify(whole));
  const all = { [`${QUERY}.lora_A.weight`]: zeros(2, H), [`${QUERY}.lora_B.weight`]: zeros(H, 2), ...tensors };
  const named = Object.entries(all).map(([name, tensor]) => [`base_model.model.${name}`, tensor] as const);
  writeSafetensors(join(folder, "adapter_model.safetensors"), new Map(named));
}

/** What reading an adapter of PEFT for a tiny BERT comes to. */
function readFor(folder: string, adapter: string) {
  writeTinyBert(join(folder, "base"));
  const { linears } = open(join(folder, "base"));
  return readPeft(adapter, { linears, head: new Map() });
}

/** What is said of a changed adapter of PEFT. */
function refusedAdapter(folder: string, change: PeftChange): Promise<string> {
  const adapter = join(folder, "adapter");
  writePeftAdapter(adapter, change);
  return refusal(() => readFor(folder, adapter));
}

fault(12, "NaN in an adapter's matrix, of PEFT and packed, and in a base model", async (folder) => {
  const A = zeros(2, H);
  A.values[3] = Number.NaN;
  const came = await refusedAdapter(folder, { tensors: { [`${QUERY}.lora_A.weight`]: A } });
  const at = "holds 1 of 48 values that are not finite, the first NaN at index 3";
  expect(came).toBe(
    `InvalidInputError: ${folder}/adapter/adapter_model.safetensors: tensor "base_model.model.${QUERY}.lora_A.weight" ${at}`,
  );
  const packed = join(folder, "packed");
  await writeAdapter(packed, method, SITES, tinyAdapter());
  const path = join(packed, "blora_model.safetensors");
  const bytes = readFileSync(path);
  const stored = [...readSafetensorsHeader(path).tensors.values()].find(({ type }) => type === "F32")!;
  bytes.writeFloatLE(Number.POSITIVE_INFINITY, stored.offset);
  writeFileSync(path, bytes);
  expect(await refusal(() => readAdapter(packed))).toMatch(/holds 1 of \d+ values that are not finite, the first Inf/);
  const base = writeTinyCheckpoint(join(folder, "tiny"));
  const weights = join(base.folder, "model.safetensors");
  const header = readSafetensorsHeader(weights);
  const damaged = readFileSync(weights);
  const { name, offset } = header.tensors.get("layer.0.up.weight")!;
  damaged.writeFloatLE(Number.NaN, offset + 8);
  writeFileSync(weights, damaged);
  const scanned = await refusal(() => readTensorValues(header, name, { requireFinite: true }));
  expect(scanned).toContain(`${weights}: tensor "${name}" holds 1 of `);
  expect(readTensorValues(header, name).at(2)).toBeNaN();
  const checkpoint = openCheckpoint(base.folder);
  const trained = await refusal(() => train(tinyRun(join(folder, "run"), { checkpoint })));
  expect(trained).toMatch(
    /^NumericalError: Step 1: the task loss is NaN.* Nothing was trained yet: a weight is not finite/,
  );
  const merged = await refusal(() =>
    mergeAdapter({
      architecture,
      checkpoint,
      method,
      head: HEAD,
      weights: { adapters: new Map(), head: {} },
      out: join(folder, "merged"),
    }),
  );
  expect(merged).toContain(`NumericalError: Expected finite values in the merged tensor ${name}, found NaN at entry 2`);
  expect(existsSync(join(folder, "merged"))).toBe(false);
  return `${came}. Mapped weights of a base are not scanned as they open: training on them stops (${trained}), merging too`;
});

fault(16, "a base model that lacks two tensors, and one that lacks its head", async (folder) => {
  const gone = [`${QUERY}.weight`, "bert.encoder.layer.1.output.dense.bias"];
  changedBert(folder, (name) => (gone.includes(name) ? undefined : name));
  const came = await refusal(() => open(folder).tensors(HEAD));
  expect(came).toBe(`InvalidInputError: The checkpoint in ${folder} lacks 2 tensors of the model: ${gone.join(", ")}`);
  writeTinyBert(folder);
  expect(open(folder).tensors(HEAD).read("classifier.weight")).toBeUndefined();
  return `${came}; a missing head is drawn`;
});

fault(17, "LayerNorm.gamma and .beta, and query, key and value in one Wqkv", async (folder) => {
  changedBert(folder, (name) =>
    name.replace(/LayerNorm\.weight$/, "LayerNorm.gamma").replace(/Norm\.bias$/, "Norm.beta"),
  );
  const { base } = open(folder).tensors(HEAD);
  expect(base.get("bert.embeddings.LayerNorm.bias")?.shape).toEqual([H]);
  changedBert(folder, (name) => (name.startsWith(QUERY) ? name.replace("query", "Wqkv") : name));
  const came = await refusal(() => open(folder).tensors(HEAD));
  expect(came).toBe(
    `InvalidInputError: The checkpoint in ${folder} lacks 2 tensors of the model: ${QUERY}.weight, ${QUERY}.bias; ` +
      `it has 2 the model does not: ${QUERY.replace("query", "Wqkv")}.bias, ${QUERY.replace("query", "Wqkv")}.weight`,
  );
  return `gamma and beta are read; ${came}`;
});

fault(18, "an adapter of another width, and a vocabulary of another size", async (folder) => {
  const came = await refusedAdapter(folder, { tensors: { [`${QUERY}.lora_A.weight`]: zeros(2, 32) } });
  expect(came).toBe(
    `InvalidInputError: ${folder}/adapter: expected an adapter of this model, found that ` +
      `base_model.model.${QUERY}.lora_A.weight has shape [2, 32], expected [2, 24].`,
  );
  const resized = join(folder, "resized");
  writeTinyBert(resized);
  const config = JSON.parse(readFileSync(join(resized, "config.json"), "utf8"));
  writeFileSync(join(resized, "config.json"), JSON.stringify({ ...config, vocab_size: 120 }));
  expect(await refusal(() => open(resized).tensors(HEAD))).toContain(
    "bert.embeddings.word_embeddings.weight: expected [120, 24], found [112, 24]",
  );
  return came;
});

fault(19, "a shard index that leads to ../, to /etc, and through a link out of the folder", async (folder) => {
  const model = join(folder, "model");
  writeTinyBert(join(folder, "other"));
  mkdirSync(model);
  writeFileSync(join(model, "config.json"), "{}");
  const index = join(model, "model.safetensors.index.json");
  const openedFrom = (file: string): Promise<string> => {
    writeFileSync(index, JSON.stringify({ weight_map: { w: file } }));
    return refusal(() => openCheckpoint(model));
  };
  const outside = ["../other/model.safetensors", "/etc/x.safetensors", "..\\x.safetensors", "C:\\x.safetensors"];
  for (const file of outside) {
    expect(await openedFrom(file)).toBe(
      `InvalidInputError: ${index}: expected for tensor "w" the name of a .safetensors file in the same folder, found ${JSON.stringify(file)}`,
    );
  }
  symlinkSync("../other/model.safetensors", join(model, "a.safetensors"));
  expect(await openedFrom("a.safetensors")).toContain("a.safetensors is a link to");
  return openedFrom(outside[0]!);
});

fault(20, "an index of shards of which two are absent, and a tensor in two of them", async (folder) => {
  writeFileSync(join(folder, "config.json"), "{}");
  const index = (weight_map: Record<string, string>): Promise<string> => {
    writeFileSync(join(folder, "model.safetensors.index.json"), JSON.stringify({ weight_map }));
    return refusal(() => openCheckpoint(folder));
  };
  writeSafetensors(join(folder, "2.safetensors"), new Map([["b", zeros(1)]]));
  const came = await index({ a: "1.safetensors", b: "2.safetensors", c: "3.safetensors" });
  expect(came).toBe(`NotFoundError: ${folder} lacks 2 of the 3 files its index names: 1.safetensors, 3.safetensors`);
  writeSafetensors(
    join(folder, "1.safetensors"),
    new Map([
      ["a", zeros(1)],
      ["b", zeros(1)],
    ]),
  );
  expect(await index({ a: "1.safetensors", c: "2.safetensors" })).toBe(
    `InvalidInputError: ${folder}: tensor "b" is in two files, 1.safetensors and 2.safetensors`,
  );
  return came;
});

fault(21, "adapter configurations that name code to import", async (folder) => {
  const marker = join(folder, "was-run");
  const code = join(folder, "evil.mjs");
  writeFileSync(code, `import { writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(marker)}, "");`);
  const adapter = join(folder, "adapter");
  writePeftAdapter(adapter, { config: { auto_mapping: { base_model_class: "Evil", parent_library: code } } });
  expect(readFor(folder, adapter).updates.size).toBe(1);
  const packed = join(folder, "packed");
  const { weights, description } = tinyAdapter();
  const named = { ...description, method: { $plugin: "method/evil", package: code, options: {} } };
  await writeAdapter(packed, method, SITES, { weights, description: named });
  const read = await describeAdapter(packed);
  const came = await refusal(() => createRegistry([lora]).resolve(read?.method, "method"));
  expect(came).toBe(`InvalidInputError: manifest.package must be the name of an npm package, found "${code}".`);
  expect(await refusal(() => createRegistry([lora]).resolve({ $plugin: "method/evil" }, "method"))).toContain(
    'NotFoundError: No method is called "evil".',
  );
  expect(existsSync(marker)).toBe(false);
  return `nothing was imported; ${came}`;
});

fault(22, "pickle files in place of an adapter's weights and of a model's", async (folder) => {
  writeFileSync(join(folder, "adapter_config.json"), JSON.stringify({ peft_type: "LORA" }));
  writeFileSync(join(folder, "adapter_model.bin"), "");
  const came = await refusal(() => readPeft(folder, { linears: [], head: new Map() }));
  expect(came).toBe(
    `InvalidInputError: ${folder}: expected adapter_model.safetensors, found only the pickle file adapter_model.bin, ` +
      "which can run code when it is read. Convert it once in Python: from safetensors.torch import save_file; " +
      'save_file(torch.load("adapter_model.bin", weights_only=True), "adapter_model.safetensors")',
  );
  for (const name of ["pytorch_model.bin", "model.pt", "last.ckpt"]) {
    const model = join(folder, name.replace(".", "-"));
    mkdirSync(model);
    writeFileSync(join(model, name), "");
    expect(await refusal(() => openCheckpoint(model))).toContain("pickle files, which can run code when they are read");
  }
  return came;
});

fault(23, "__proto__ and constructor as tensor names and as keys of configurations", async (folder) => {
  const came: string[] = [];
  for (const key of ["__proto__", "constructor"]) {
    const header = Buffer.from(`{"${key}":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(join(folder, "model.safetensors"), Buffer.concat([length, header, Buffer.alloc(4)]));
    writeFileSync(join(folder, "config.json"), "{}");
    came.push(await refusal(() => openCheckpoint(folder)));
    writeFileSync(join(folder, "adapter_config.json"), `{"peft_type":"LORA","${key}":{"r":1}}`);
    came.push(await refusal(() => readPeft(folder, { linears: [], head: new Map() })));
    writeFileSync(join(folder, "blora_config.json"), `{"${key}":{}}`);
    came.push(await refusal(() => readAdapter(folder)));
  }
  for (const sentence of came) expect(sentence).toMatch(/: the key "(__proto__|constructor)" is not allowed$/);
  expect(({} as Record<string, unknown>).r).toBeUndefined();
  return came[0]!;
});

fault(25, "giant, endless, negative and missing numbers in configurations", async (folder) => {
  const ranks = [];
  for (const rank of ["1e999", "-1", "0", "1.5", "9007199254740993", "4000000000"]) {
    const adapter = join(folder, "adapter");
    writePeftAdapter(adapter);
    const path = join(adapter, "adapter_config.json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"r":2', `"r":${rank}`));
    ranks.push(await refusal(() => readFor(folder, adapter)));
  }
  for (const sentence of ranks) expect(sentence).toContain("adapter_config.json: expected a LoRA or AdaLoRA adapter");
  const model = join(folder, "model");
  writeTinyBert(model);
  const path = join(model, "config.json");
  const text = readFileSync(path, "utf8");
  let came = "";
  for (const [key, number] of [
    ["hidden_size", "1e999"],
    ["num_attention_heads", "0"],
    ["vocab_size", "-5"],
    ["max_position_embeddings", "1e300"],
    ["layer_norm_eps", "-1"],
    ["num_hidden_layers", "1000000000000"],
  ] as const) {
    writeFileSync(path, text.replace(new RegExp(`"${key}": [^,]*`), `"${key}": ${number}`));
    came = await refusal(() => open(model));
    expect(came).toMatch(new RegExp(`^InvalidInputError: config\\.json of a bert model: .*${key}`));
  }
  writeFileSync(path, text.replace('"hidden_size": 24', '"hidden_size": NaN'));
  expect(await refusal(() => open(model))).toMatch(/config\.json of a bert model: .*hidden_size: .*NaN/);
  return came;
});

fault(26, "a rank_pattern for a module that is not adapted", async (folder) => {
  const came = await refusedAdapter(folder, { config: { rank_pattern: { [QUERY.replace("query", "qeury")]: 1 } } });
  expect(came).toBe(
    `InvalidInputError: ${folder}/adapter: expected an adapter of this model, found that rank_pattern ` +
      `"${QUERY.replace("query", "qeury")}" matches no adapted module (did you mean ${QUERY}?).`,
  );
  return came;
});

fault(27, "target_modules that no linear map has", async (folder) => {
  const came = await refusedAdapter(folder, { config: { target_modules: ["qeury"] } });
  expect(came).toContain('target_modules ["qeury"] matches no linear map of the model (did you mean query?)');
  return came;
});
