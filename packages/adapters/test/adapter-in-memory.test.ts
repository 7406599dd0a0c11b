import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { full, lora } from "@blora/lora";
import { InvalidInputError, type Method, NotFoundError } from "@blora/spec";
import { describe, expect, test } from "vitest";
import {
  adapterFiles,
  adapterOfFiles,
  adapterSizes,
  readAdapter,
  sizesOfFiles,
  type TrainedAdapter,
  writeAdapter,
} from "../src/index.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { method as blora, SITES, tinyAdapter } from "./tiny-adapter.ts";

const settled = tinyAdapter();

function trainedBy(method: Method): TrainedAdapter {
  const adapters = new Map(method.trainsBase ? [] : SITES.map((site) => [site.path, method.init(site, 5)]));
  const description = { ...settled.description, method: JSON.parse(JSON.stringify(method)) };
  return { description, weights: { adapters, head: settled.weights.head } };
}

const cases: readonly (readonly [string, Method, TrainedAdapter])[] = [
  ["B-LoRA, settled", blora, settled],
  ["LoRA", lora({ rank: 3 }), trainedBy(lora({ rank: 3 }))],
  ["a method that trains the base", full(), trainedBy(full())],
];

async function written(method: Method, adapter: TrainedAdapter): Promise<string> {
  const folder = join(temporaryFolder(), "adapter");
  await writeAdapter(folder, method, SITES, adapter);
  return folder;
}

describe.each(cases)("an adapter of %s", (_, method, adapter) => {
  test("has in memory the files of its folder, byte for byte", async () => {
    const folder = await written(method, adapter);
    const files = adapterFiles(method, SITES, adapter);
    expect([...files.keys()].sort()).toEqual(readdirSync(folder).sort());
    for (const [name, bytes] of files) expect(readFileSync(join(folder, name)).equals(bytes), name).toBe(true);
  });

  test("is read from them as from its folder", async () => {
    const read = adapterOfFiles(adapterFiles(method, SITES, adapter), "m");
    expect(read).toEqual(await readAdapter(await written(method, adapter)));
  });
});

test("sizes in memory are those of the folder", async () => {
  const files = adapterFiles(blora, SITES, settled);
  expect(sizesOfFiles(files, "m")).toEqual(adapterSizes(await written(blora, settled)));
});

test("a file in memory that is missing or damaged is named", () => {
  const files = adapterFiles(blora, SITES, settled);
  const config = new Map([...files].filter(([name]) => name === "blora_config.json"));
  expect(() => adapterOfFiles(new Map(), "m")).toThrow(NotFoundError);
  expect(() => adapterOfFiles(new Map(), "m")).toThrow(
    "m: expected a file blora_config.json of an adapter, found none.",
  );
  expect(() => adapterOfFiles(config, "m")).toThrow(
    "m: expected a file blora_model.safetensors of an adapter, found blora_config.json.",
  );
  const cut = new Map(files).set("blora_model.safetensors", files.get("blora_model.safetensors")!.subarray(0, -1));
  expect(() => adapterOfFiles(cut, "m")).toThrow(InvalidInputError);
  expect(() => adapterOfFiles(cut, "m")).toThrow(/^m\/blora_model\.safetensors is cut short/);
});
