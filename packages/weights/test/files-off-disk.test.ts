import { writeFileSync } from "node:fs";
import { fileOfBlob, type RangedFile } from "@blora/files";
import type { FileSlice } from "@blora/spec";
import { describe, expect, it, test } from "vitest";
import {
  checkpointOfFiles,
  checkpointOfRanges,
  checkpointSha256,
  encodeSafetensors,
  openCheckpoint,
  type WritableTensor,
} from "../src/index.ts";
import { safetensorsBytes, useTemporaryFolder } from "./temporary-folder.ts";

const folder = useTemporaryFolder();

const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
/** Ends behind the first part of a file that is read. */
const WIDE = Float32Array.from({ length: 20_000 }, (_, index) => index / 7);
const TENSORS = new Map<string, WritableTensor>([
  ["wide", { shape: [100, 200], values: WIDE }],
  ["narrow", { shape: [2], values: Float32Array.of(1.5, -2), type: "F16" }],
]);
const MODEL: ReadonlyMap<string, Uint8Array> = new Map([
  ["config.json", text({ model_type: "tiny" })],
  ["model.safetensors", encodeSafetensors(TENSORS)],
  ["README.md", new Uint8Array(3)],
]);

/** Files that are read by ranges, and the ranges of the weights that were asked for. */
function byRanges(files: ReadonlyMap<string, Uint8Array>) {
  const asked: [offset: number, length: number][] = [];
  const ranged = Array.from(files, ([name, bytes]): [string, RangedFile] => {
    const file = fileOfBlob(`dropped/${name}`, new Blob([bytes.slice()]));
    const read: RangedFile["read"] = (offset, length) => {
      if (name.endsWith(".safetensors")) asked.push([offset, length]);
      return file.read(offset, length);
    };
    return [name, { ...file, read }];
  });
  return { asked, files: new Map(ranged) };
}

test("a checkpoint off the disk is the one on it", async () => {
  for (const [name, bytes] of MODEL) writeFileSync(folder.at(name), bytes);
  const onDisk = openCheckpoint(folder.path);
  const sha256 = await checkpointSha256(onDisk);
  for (const other of [checkpointOfFiles(MODEL, "m"), await checkpointOfRanges(byRanges(MODEL).files, "m")]) {
    expect([other.config, other.names]).toEqual([onDisk.config, onDisk.names]);
    await other.load?.();
    for (const name of onDisk.names) expect(other.read(name)).toEqual(onDisk.read(name));
    expect(other.read("narrow")).toEqual(Float32Array.of(1.5, -2));
    expect(await checkpointSha256(other)).toBe(sha256);
  }
});

describe("files that are read by ranges", () => {
  it("give a tensor from its place, and of the weights no more than was asked for", async () => {
    const { asked, files } = byRanges(MODEL);
    const checkpoint = await checkpointOfRanges(files, "m");
    expect(asked).toEqual([[0, 2 ** 16]]);
    const { storage, source } = checkpoint.frozen("wide");
    const { path, offset, length, read } = source as FileSlice;
    expect([storage, path, length]).toEqual(["f32", "dropped/model.safetensors", 80_000]);
    expect(new Float32Array((await read!(offset, length)).slice().buffer)).toEqual(WIDE);
    expect(asked).toEqual([
      [0, 2 ** 16],
      [offset, 80_000],
    ]);
    expect(() => checkpoint.read("wide")).toThrow(/dropped\/model\.safetensors: .* load the checkpoint/);
  });

  it("are read at once where they can be", async () => {
    const { asked, files } = byRanges(MODEL);
    const weights = MODEL.get("model.safetensors")!;
    const readNow = (offset: number, length: number): Uint8Array => weights.subarray(offset, offset + length);
    files.set("model.safetensors", { ...files.get("model.safetensors")!, readNow });
    const checkpoint = await checkpointOfRanges(files, "m");
    await checkpoint.load!();
    expect(checkpoint.read("wide")).toEqual(WIDE);
    expect(asked).toEqual([[0, 2 ** 16]]);
  });

  it("have a header longer than the first part of them", async () => {
    const many = Array.from({ length: 1200 }, (_, index): [string, WritableTensor] => [
      `encoder.layer.${index}.weight`,
      { shape: [1], values: Float32Array.of(index) },
    ]);
    const bytes = encodeSafetensors(new Map(many));
    const { asked, files } = byRanges(new Map([...MODEL, ["model.safetensors", bytes]]));
    const checkpoint = await checkpointOfRanges(files, "m");
    const end = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(end).toBeGreaterThan(2 ** 16);
    expect(asked).toEqual([
      [0, 2 ** 16],
      [0, end],
    ]);
    expect(checkpoint.names).toHaveLength(1200);
  });

  it("are compared where an output matrix may be the embedding", async () => {
    const matrix = (first: number): WritableTensor => ({ shape: [100, 200], values: WIDE.with(0, first) });
    const open = (first: number) => {
      const tensors = new Map([
        ["model.embed_tokens.weight", matrix(0)],
        ["lm_head.weight", matrix(first)],
      ]);
      const config = text({ tie_word_embeddings: true });
      const files = new Map([...MODEL, ["config.json", config], ["model.safetensors", encodeSafetensors(tensors)]]);
      return checkpointOfRanges(byRanges(files as ReadonlyMap<string, Uint8Array>).files, "m");
    };
    expect((await open(0)).config).toEqual({ tie_word_embeddings: true });
    expect((await open(1)).config).toEqual({ tie_word_embeddings: false });
  });
});

describe("a folder off the disk", () => {
  const shard = (name: string): Uint8Array => encodeSafetensors(new Map([[name, TENSORS.get("narrow")!]]));
  const sharded = (weight_map: unknown, ...shards: readonly [string, string][]): [string, Uint8Array | undefined][] => [
    ["model.safetensors", undefined],
    ["model.safetensors.index.json", text({ weight_map })],
    ...shards.map(([file, tensor]): [string, Uint8Array] => [file, shard(tensor)]),
  ];
  const whole = MODEL.get("model.safetensors")!;

  test.each<[what: string, changes: [string, Uint8Array | undefined][], message: RegExp]>([
    [
      "without config.json",
      [["config.json", undefined]],
      /^m: expected a file config\.json, found README\.md, model\.safetensors\.$/,
    ],
    [
      "without weights",
      [["model.safetensors", undefined]],
      /^m: expected a file model\.safetensors, found README\.md, config\.json\.$/,
    ],
    [
      "without two of its shards",
      sharded({ a: "1.safetensors", b: "2.safetensors", c: "3.safetensors" }, ["2.safetensors", "b"]),
      /^m: expected a file 1\.safetensors and 3\.safetensors, found 2\.safetensors, README\.md, config\.json/,
    ],
    [
      "whose index is of another file",
      sharded({ a: "1.safetensors" }, ["1.safetensors", "b"]),
      /^m\/model\.safetensors\.index\.json names tensors that are not in the file it gives: a \(1\.safetensors\)$/,
    ],
    ["whose index lists nothing", sharded([]), /^m\/model\.safetensors\.index\.json: expected an object weight_map/],
    [
      "whose index leads elsewhere",
      sharded({ a: "../1.safetensors" }),
      /^m\/model\.safetensors\.index\.json: .*the same folder, found "\.\.\/1\.safetensors"$/,
    ],
    ["whose config.json is no JSON", [["config.json", new Uint8Array(1)]], /^m\/config\.json: expected JSON/],
    [
      "that is quantized",
      [["config.json", text({ quantization_config: { quant_method: "gptq", bits: 4 } })]],
      /^m: expected weights in F32, F16 or BF16, found a checkpoint quantized by gptq in 4 bit/,
    ],
    [
      "whose weights are cut short",
      [["model.safetensors", whole.subarray(0, -1)]],
      /^(m|dropped)\/model\.safetensors is cut short: expected \d+ bytes, found \d+$/,
    ],
    [
      "whose weights are a pointer",
      [["model.safetensors", new TextEncoder().encode("version https://git-lfs.github.com/spec/v1\noid")]],
      /^(m|dropped)\/model\.safetensors is a git-lfs pointer/,
    ],
    [
      "whose weights are of another kind",
      [["model.safetensors", safetensorsBytes({ w: { dtype: "C64", shape: [1], data_offsets: [0, 8] } }, 8)]],
      /^(m|dropped)\/model\.safetensors: tensor "w": expected one of the types BOOL, .* found "C64"$/,
    ],
  ])("%s is refused in a sentence that names the file", async (_, changes, message) => {
    const files = new Map<string, Uint8Array>(MODEL);
    for (const [name, bytes] of changes) {
      if (bytes === undefined) files.delete(name);
      else files.set(name, bytes);
    }
    expect(() => checkpointOfFiles(files, "m")).toThrow(message);
    await expect(checkpointOfRanges(byRanges(files).files, "m")).rejects.toThrow(message);
  });
});
