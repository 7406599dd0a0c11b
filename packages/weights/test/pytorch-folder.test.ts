import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { fileURLToPath } from "node:url";
import { InvalidInputError, NotFoundError } from "@blora/spec";
import { beforeEach, expect, test } from "vitest";
import { checkpointSha256, openCheckpoint, safetensorsFolder } from "../src/index.ts";
import { useTemporaryFolder } from "./temporary-folder.ts";

const folder = useTemporaryFolder();
const fixture = (path: string): string => fileURLToPath(new URL(`../../../fixtures/${path}`, import.meta.url));
const convert = (): Promise<string> => safetensorsFolder(folder.at("model"), { cache: folder.at("cache") });

beforeEach(() => {
  mkdirSync(folder.at("model"));
  copyFileSync(fixture("deberta-v2/v3/config.json"), folder.at("model/config.json"));
});

/** The files of microsoft/deberta-v3-base: a PyTorch file, its tokenizer's model, and files for other libraries. */
function writeHubLayout(): void {
  copyFileSync(fixture("pytorch/deberta-v3.bin"), folder.at("model/pytorch_model.bin"));
  for (const name of ["spm.model", "tokenizer_config.json", "tf_model.h5", "README.md"]) {
    writeFileSync(folder.at(`model/${name}`), name);
  }
}

test("a folder of a PyTorch file is read as the safetensors it was made from, with the files beside it", async () => {
  writeHubLayout();
  const converted = openCheckpoint(await convert());
  const source = openCheckpoint(fixture("deberta-v2/v3"));
  expect(converted.names).toEqual(source.names);
  for (const name of source.names) expect(converted.read(name), name).toEqual(source.read(name));
  expect(converted.config).toEqual(source.config);
  expect(await checkpointSha256(converted)).toMatch(/^[0-9a-f]{64}$/);
  expect(readdirSync(converted.folder).sort()).toEqual([
    "config.json",
    "model.safetensors",
    "spm.model",
    "tokenizer_config.json",
  ]);
  expect(readFileSync(`${converted.folder}/spm.model`, "utf8")).toBe("spm.model");
});

test("is converted once, again where the file is another, and follows the files beside it", async () => {
  writeHubLayout();
  const first = await convert();
  writeFileSync(folder.at("model/tokenizer_config.json"), "changed");
  expect(await convert()).toBe(first);
  expect(readFileSync(`${first}/tokenizer_config.json`, "utf8")).toBe("changed");
  rmSync(folder.at("model/tokenizer_config.json"));
  await convert();
  expect(existsSync(`${first}/tokenizer_config.json`)).toBe(false);
  utimesSync(folder.at("model/pytorch_model.bin"), 1, 1);
  const second = await convert();
  expect(second).not.toBe(first);
  // Another content of the same size, whose time was copied along with it.
  const other = Buffer.from(readFileSync(folder.at("model/pytorch_model.bin")));
  writeFileSync(folder.at("model/other.bin"), other);
  utimesSync(folder.at("model/other.bin"), 1, 1);
  renameSync(folder.at("model/other.bin"), folder.at("model/pytorch_model.bin"));
  expect(await convert()).not.toBe(second);
});

test("converted by several at the same moment it is there once, whole", async () => {
  writeHubLayout();
  const places = await Promise.all([convert(), convert(), convert(), convert()]);
  expect(new Set(places).size).toBe(1);
  expect(readdirSync(folder.at("cache/pytorch"))).toEqual([places[0]!.split("/").at(-1)]);
  const source = openCheckpoint(fixture("deberta-v2/v3"));
  const converted = openCheckpoint(places[0]!);
  for (const name of source.names) expect(converted.read(name), name).toEqual(source.read(name));
});

test("shards are read by their index", async () => {
  copyFileSync(fixture("pytorch/deberta-v3-legacy.bin"), folder.at("model/pytorch_model-00001-of-00002.bin"));
  copyFileSync(fixture("pytorch/views.bin"), folder.at("model/pytorch_model-00002-of-00002.bin"));
  const index = { a: "pytorch_model-00001-of-00002.bin", b: "pytorch_model-00002-of-00002.bin" };
  writeFileSync(folder.at("model/pytorch_model.bin.index.json"), JSON.stringify({ weight_map: index }));
  const { names, read } = openCheckpoint(await convert());
  expect(names).toContain("deberta.embeddings.word_embeddings.weight");
  expect(Array.from(read("expanded"))).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
});

test("what cannot be read is refused by name, and nothing is kept", async () => {
  copyFileSync(fixture("pytorch/whole-module.bin"), folder.at("model/pytorch_model.bin"));
  await expect(convert()).rejects.toThrow(/pytorch_model\.bin, byte \d+: the file asks for torch\.nn\.modules/);
  expect(existsSync(folder.at("cache/pytorch")) ? readdirSync(folder.at("cache/pytorch")) : []).toEqual([]);
});

test.each<[string, unknown, RegExp]>([
  ["a shard that is not there", { a: "x.bin" }, /lacks 1 of the 1 files its index names: x\.bin/],
  ["a shard elsewhere", { a: "../x.bin" }, /expected an object weight_map of tensor names to \.bin files/],
  ["no list of files", [], /expected an object weight_map/],
])("an index that names %s is refused", async (_, weightMap, expected) => {
  writeFileSync(folder.at("model/pytorch_model.bin.index.json"), JSON.stringify({ weight_map: weightMap }));
  await expect(convert()).rejects.toThrow(expected);
  await expect(convert()).rejects.toSatisfy(
    (error) => InvalidInputError.isInstance(error) || NotFoundError.isInstance(error),
  );
});

test("a folder of safetensors, or without weights, is itself", async () => {
  expect(await convert()).toBe(folder.at("model"));
  expect(await safetensorsFolder(fixture("deberta-v2/v3"))).toBe(fixture("deberta-v2/v3"));
});
