import { closeSync, ftruncateSync, mkdirSync, openSync, symlinkSync, writeFileSync, writeSync } from "node:fs";
import { InvalidInputError, NotFoundError } from "@blora/spec";
import { describe, expect, it } from "vitest";
import { openCheckpoint, readSafetensorsHeader, readTensor, readTensorValues } from "../src/index.ts";
import { safetensorsBytes, useTemporaryFolder } from "./temporary-folder.ts";

const folder = useTemporaryFolder();

const read = (bytes: Uint8Array) => {
  const path = folder.at("m.safetensors");
  writeFileSync(path, bytes);
  return readSafetensorsHeader(path);
};
const f32 = (shape: readonly number[], data_offsets: readonly number[], dtype = "F32") => ({
  dtype,
  shape,
  data_offsets,
});

describe("a safetensors file", () => {
  it("that is cut short is refused with the expected and actual size", () => {
    const whole = safetensorsBytes({ w: f32([4], [0, 16]) }, 16);
    expect(() => read(whole.subarray(0, -1))).toThrow(
      `m.safetensors is cut short: expected ${whole.length} bytes, found ${whole.length - 1}`,
    );
  });

  it("of fewer than 8 bytes, or none, is refused", () => {
    expect(() => read(Buffer.alloc(7))).toThrow(/at least 8 bytes, found 7/);
    expect(() => read(Buffer.alloc(0))).toThrow(/at least 8 bytes, found 0/);
  });

  it("whose header would be over 100 MB is refused before anything is allocated", () => {
    const bytes = safetensorsBytes({}, 0);
    bytes.writeBigUInt64LE(100_000_001n);
    expect(() => read(bytes)).toThrow(/at most 100000000 bytes, found a length of 100000001/);
    bytes.writeBigUInt64LE(2n ** 64n - 1n);
    expect(() => read(bytes)).toThrow(/found a length of 18446744073709551615/);
  });

  it("that is a git-lfs pointer is recognized", () => {
    const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    expect(() => read(Buffer.from(pointer))).toThrow(/m\.safetensors is a git-lfs pointer.*git lfs pull/);
  });

  it("whose header is longer than the file is refused", () => {
    const bytes = safetensorsBytes({}, 0);
    bytes.writeBigUInt64LE(1000n);
    expect(() => read(bytes)).toThrow(/fits in the file's 10 bytes, found a header length of 1000/);
  });

  it("whose header is not UTF-8, not JSON, not an object or too deep is refused", () => {
    expect(() => read(safetensorsBytes(Buffer.from([0x7b, 0xff, 0x7d])))).toThrow(/expected UTF-8 text/);
    expect(() => read(safetensorsBytes("{nonsense"))).toThrow(/expected JSON: /);
    expect(() => read(safetensorsBytes("[]"))).toThrow(/expected a JSON object/);
    expect(() => read(safetensorsBytes(" {}"))).toThrow(/expected a JSON object/);
    expect(() => read(safetensorsBytes("[".repeat(1_000_000)))).toThrow(/at most 3 levels of nesting/);
    expect(() => read(safetensorsBytes(`{"a":${'{"a":'.repeat(500_000)}`))).toThrow(/at most 3 levels of nesting/);
  });

  it("whose tensors overlap or leave a hole is refused with the tensor's name", () => {
    const overlapping = { a: f32([2], [0, 8]), b: f32([2], [4, 12]) };
    expect(() => read(safetensorsBytes(overlapping, 12))).toThrow(
      /offset of tensor "b": expected its data at 8, found 4 \(it overlaps/,
    );
    const holed = { a: f32([2], [0, 8]), b: f32([2], [12, 20]) };
    expect(() => read(safetensorsBytes(holed, 20))).toThrow(
      /offset of tensor "b": expected its data at 8, found 12 \(nothing covers/,
    );
    expect(() => read(safetensorsBytes({ a: f32([2], [8, 0]) }, 8))).toThrow(
      /expected data_offsets \[begin, end\], found \[8,0\]/,
    );
  });

  it("whose shape does not fit its bytes is refused, also where the product exceeds 2^53", () => {
    expect(() => read(safetensorsBytes({ w: f32([3], [0, 16]) }, 16))).toThrow(
      /shape \[3\] of F32 takes 12 bytes, but its offsets span 16/,
    );
    const huge = 2 ** 40;
    expect(() => read(safetensorsBytes({ w: f32([huge, huge], [0, 0]) }))).toThrow(
      /takes 4835703278458516698824704 bytes/,
    );
    // In 64 bits this product wraps around to 0, the span of the offsets.
    expect(() => read(safetensorsBytes({ w: f32([2 ** 31, 2 ** 31], [0, 0]) }))).toThrow(
      /takes 18446744073709551616 bytes/,
    );
  });

  it.each(["-1", "1.5", "1e999", "9007199254740993", '"2"', "null"])(
    "with a dimension of %s is refused",
    (dimension) => {
      const header = `{"w":{"dtype":"F32","shape":[${dimension}],"data_offsets":[0,4]}}`;
      expect(() => read(safetensorsBytes(header, 4))).toThrow(/tensor "w": expected a shape of whole numbers/);
    },
  );

  it("that names a tensor twice is refused, also where one name is escaped", () => {
    const entry = JSON.stringify(f32([1], [0, 4]));
    expect(() => read(safetensorsBytes(`{"w":${entry},"w":${entry}}`, 4))).toThrow(/the key "w" occurs twice/);
    expect(() => read(safetensorsBytes(`{"w":${entry},"\\u0077":${entry}}`, 4))).toThrow(/the key "w" occurs twice/);
    const twoTypes = '{"w":{"dtype":"F32","dtype":"I32","shape":[1],"data_offsets":[0,4]}}';
    expect(() => read(safetensorsBytes(twoTypes, 4))).toThrow(/the key "dtype" occurs twice/);
  });

  it("with metadata that is not strings is refused", () => {
    expect(() => read(safetensorsBytes({ __metadata__: { rank: 8 } }))).toThrow(
      /strings in __metadata__, found 8 at "rank"/,
    );
    expect(() => read(safetensorsBytes({ __metadata__: ["pt"] }))).toThrow(/expected __metadata__ to be an object/);
    expect(read(safetensorsBytes({ __metadata__: null })).metadata).toEqual(new Map());
    expect(read(safetensorsBytes({ __metadata__: { format: "pt" } })).metadata).toEqual(new Map([["format", "pt"]]));
  });

  it("with bytes after its last tensor is refused", () => {
    const bytes = safetensorsBytes({ w: f32([1], [0, 4]) }, 5);
    expect(() => read(bytes)).toThrow(
      `expected the file to end with its last tensor at ${bytes.length - 1} bytes, found ${bytes.length}`,
    );
  });

  it("with a type that cannot be read is refused with the tensor's name and the types that can", () => {
    expect(() => read(safetensorsBytes({ "a.w": f32([4], [0, 4], "F8_E4M3") }, 4))).toThrow(
      /tensor "a\.w": expected one of the types .*F16, BF16, .*F32.*, found "F8_E4M3"/,
    );
    const missingType = '{"w":{"shape":[],"data_offsets":[0,4]}}';
    expect(() => read(safetensorsBytes(missingType, 4))).toThrow(
      /tensor "w": expected one of the types .* found undefined/,
    );
  });

  it("with NaN or infinity is refused where finite values are asked for", () => {
    const values = new Float32Array([1, Number.NaN, Number.NEGATIVE_INFINITY]);
    const header = read(safetensorsBytes({ w: f32([3], [0, 12]) }, new Uint8Array(values.buffer)));
    expect(readTensor(header, "w")).toEqual(values);
    expect(() => readTensor(header, "w", { requireFinite: true })).toThrow(
      /tensor "w" holds 2 of 3 values that are not finite, the first NaN at index 1/,
    );
  });

  it("of 16-bit floats is read as float32 exactly", () => {
    const words = Uint16Array.from([0x3c00, 0x0001, 0x8000, 0x7c00, 0x3555]);
    const half = read(safetensorsBytes({ w: f32([5], [0, 10], "F16") }, new Uint8Array(words.buffer)));
    expect(readTensor(half, "w")).toEqual(new Float32Array([1, 2 ** -24, -0, Number.POSITIVE_INFINITY, 1365 / 4096]));
    const brain = Uint16Array.from([0x3f80, 0x0001, 0xff80, 0x4049]);
    const header = read(safetensorsBytes({ w: f32([4], [0, 8], "BF16") }, new Uint8Array(brain.buffer)));
    expect(readTensor(header, "w")).toEqual(new Float32Array([1, 2 ** -133, Number.NEGATIVE_INFINITY, 3.140625]));
  });

  it("of more than 4 GiB is read at its place", () => {
    const path = folder.at("large.safetensors");
    const far = 5 * 2 ** 30;
    const header = safetensorsBytes({ gap: f32([far], [0, far], "U8"), w: f32([2], [far, far + 8]) });
    const descriptor = openSync(path, "w");
    writeSync(descriptor, header);
    writeSync(descriptor, new Uint8Array(new Float32Array([3, -7]).buffer), 0, 8, header.length + far);
    closeSync(descriptor);
    const file = readSafetensorsHeader(path);
    expect(file.tensors.get("w")?.offset).toBe(header.length + far);
    expect(readTensor(file, "w")).toEqual(new Float32Array([3, -7]));
    const cut = openSync(path, "r+");
    ftruncateSync(cut, header.length + far + 4);
    closeSync(cut);
    expect(() => readTensor(file, "w")).toThrow(/became shorter while it was read/);
  });

  it("with a header of 100 MB of tensors or fewer is not limited in their number", () => {
    const count = 50_000;
    const header = Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`t${index}`, f32([], [4 * index, 4 * index + 4])]),
    );
    const { tensors } = read(safetensorsBytes(header, 4 * count));
    expect(tensors.size).toBe(count);
    expect(tensors.get(`t${count - 1}`)?.length).toBe(4);
  });

  it.each(["__proto__", "constructor"])("with a tensor named %s is refused", (name) => {
    const header = `{"${name}":${JSON.stringify(f32([1], [0, 4]))}}`;
    expect(() => read(safetensorsBytes(header, 4))).toThrow(`the key "${name}" is not allowed`);
  });

  it("that does not exist, or is a folder, is named", () => {
    expect(() => readSafetensorsHeader(folder.at("none.safetensors"))).toThrow(NotFoundError);
    expect(() => readSafetensorsHeader(folder.path)).toThrow(InvalidInputError);
  });

  it("says which tensor it lacks, and what is near", () => {
    const header = read(safetensorsBytes({ weight: f32([1], [0, 4]) }, 4));
    expect(() => readTensorValues(header, "weigth")).toThrow(/has no tensor "weigth"\. Did you mean weight\?/);
  });
});

describe("a sharded checkpoint", () => {
  const shard = (names: readonly string[]): Buffer =>
    safetensorsBytes(
      Object.fromEntries(names.map((name, index) => [name, f32([1], [4 * index, 4 * index + 4])])),
      4 * names.length,
    );
  const open = (weight_map: Readonly<Record<string, string>>, files: Readonly<Record<string, Uint8Array>>) => {
    writeFileSync(folder.at("config.json"), '{"model_type":"tiny"}');
    writeFileSync(folder.at("model.safetensors.index.json"), JSON.stringify({ metadata: {}, weight_map }));
    for (const [name, bytes] of Object.entries(files)) writeFileSync(folder.at(name), bytes);
    return openCheckpoint(folder.path);
  };

  it.each([
    "../x.safetensors",
    "/etc/x.safetensors",
    "a/x.safetensors",
    "..\\x.safetensors",
    "C:\\x.safetensors",
    "x.bin",
  ])("whose index leads to %s is refused", (name) => {
    expect(() => open({ w: name }, {})).toThrow(
      /for tensor "w" the name of a \.safetensors file in the same folder, found/,
    );
  });

  it("whose shard is a link out of the folder is refused", () => {
    mkdirSync(folder.at("inner"));
    writeFileSync(folder.at("secret.safetensors"), shard(["w"]));
    const inner = folder.at("inner");
    writeFileSync(`${inner}/config.json`, "{}");
    writeFileSync(`${inner}/model.safetensors.index.json`, JSON.stringify({ weight_map: { w: "a.safetensors" } }));
    symlinkSync("../secret.safetensors", `${inner}/a.safetensors`);
    expect(() => openCheckpoint(inner)).toThrow(
      /a\.safetensors is a link to .*secret\.safetensors, outside its folder/,
    );
  });

  it("in the Hugging Face cache may link to the blobs of its own repository", () => {
    const repository = folder.at("models--org--name");
    const snapshot = `${repository}/snapshots/${"a".repeat(40)}`;
    mkdirSync(`${repository}/blobs`, { recursive: true });
    mkdirSync(snapshot, { recursive: true });
    writeFileSync(`${repository}/blobs/b1`, shard(["w"]));
    writeFileSync(`${snapshot}/config.json`, "{}");
    writeFileSync(`${snapshot}/model.safetensors.index.json`, JSON.stringify({ weight_map: { w: "a.safetensors" } }));
    symlinkSync("../../blobs/b1", `${snapshot}/a.safetensors`);
    expect(openCheckpoint(snapshot).frozen("w").source).toMatchObject({ path: `${repository}/blobs/b1`, length: 4 });
  });

  it("that lacks shards is refused with all of them", () => {
    const map = { a: "1.safetensors", b: "2.safetensors", c: "3.safetensors" };
    expect(() => open(map, { "2.safetensors": shard(["b"]) })).toThrow(
      /lacks 2 of the 3 files its index names: 1\.safetensors, 3\.safetensors/,
    );
  });

  it("with a tensor in two shards takes the one its index names, and is refused with both where it names none", () => {
    const files = { "1.safetensors": shard(["a", "b"]), "2.safetensors": shard(["b", "c"]) };
    const indexed = open({ a: "1.safetensors", b: "2.safetensors" }, files);
    expect(indexed.frozen("b").source).toMatchObject({ path: expect.stringMatching(/2\.safetensors$/) });
    expect(() => open({ a: "1.safetensors", c: "2.safetensors" }, files)).toThrow(
      /tensor "b" is in two files, 1\.safetensors and 2\.safetensors/,
    );
  });

  it("whose index names a tensor that is not there, or elsewhere, is refused", () => {
    const files = { "1.safetensors": shard(["a"]), "2.safetensors": shard(["b"]) };
    expect(() => open({ a: "2.safetensors", b: "2.safetensors", c: "1.safetensors" }, files)).toThrow(
      /not in the file it gives: a \(2\.safetensors\), c \(1\.safetensors\)/,
    );
  });
});

describe("a folder", () => {
  it.each(["pytorch_model.bin", "weights.pt", "last.ckpt"])(
    "with only %s is refused with the way to convert it",
    (name) => {
      writeFileSync(folder.at(name), "");
      writeFileSync(folder.at("config.json"), "{}");
      expect(() => openCheckpoint(folder.path)).toThrow(new RegExp(`${name}.*pickle.*save_pretrained`));
    },
  );

  it("without weights, without config.json, or that does not exist is named", () => {
    expect(() => openCheckpoint(folder.path)).toThrow(/has no weights: expected model\.safetensors or/);
    writeFileSync(folder.at("model.safetensors"), safetensorsBytes({}));
    expect(() => openCheckpoint(folder.path)).toThrow(/config\.json does not exist/);
    expect(() => openCheckpoint(folder.at("none"))).toThrow(NotFoundError);
  });

  it.each(['{"__proto__":{"a":1}}', '{"a":{"constructor":1}}', '{"a":1,"a":2}', "[]", "{", "[".repeat(100_000)])(
    "whose config.json is %.30s is refused",
    (config) => {
      writeFileSync(folder.at("model.safetensors"), safetensorsBytes({}));
      writeFileSync(folder.at("config.json"), config);
      expect(() => openCheckpoint(folder.path)).toThrow(InvalidInputError);
    },
  );
});
