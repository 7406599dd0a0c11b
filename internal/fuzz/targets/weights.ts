import { openCheckpoint, readSafetensorsHeader, readTensorValues } from "@blora/weights";
import { convertPytorchFile } from "../../../packages/weights/src/pytorch/convert-pytorch-file.ts";
import type { Target } from "../target.ts";
import { fixture } from "./fixture.ts";

const TYPES = ["BOOL", "U8", "I8", "U16", "I16", "F16", "BF16", "U32", "I32", "F32", "U64", "I64", "F64"];
const HEADER_WORDS = [...TYPES, "F8_E4M3", "dtype", "shape", "data_offsets", "__metadata__", "__proto__"];

/** A safetensors file of a header and so many zero bytes. */
export function safetensors(header: unknown, dataBytes: number): Buffer {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(dataBytes)]);
}

const tensor = (dtype: string, shape: readonly number[], begin: number, end: number): object => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

function readTensors(path: string): void {
  const header = readSafetensorsHeader(path);
  for (const name of header.tensors.keys()) readTensorValues(header, name);
}

const safetensorsFile: Target = {
  name: "safetensors",
  names: "model.safetensors",
  words: HEADER_WORDS,
  tried: 2000,
  seeds: () => [
    safetensors({ a: tensor("F32", [2, 3], 0, 24), b: tensor("I8", [3], 24, 27), __metadata__: { format: "pt" } }, 27),
    safetensors({ none: tensor("F16", [0], 0, 0), one: tensor("BOOL", [], 0, 1) }, 1),
    safetensors("{}  ", 0),
    fixture("pytorch/views.safetensors"),
  ],
  read: (bytes, place) => readTensors(place.write("model.safetensors", bytes)),
};

/** The header is the input, so that most are JSON; the data are as long as any of them asks for. */
const safetensorsHeader: Target = {
  name: "safetensors-header",
  names: "model.safetensors",
  words: HEADER_WORDS,
  json: true,
  tried: 2000,
  seeds: () => [
    JSON.stringify({ a: tensor("F32", [2, 3], 0, 24), b: tensor("I64", [1], 24, 32), __metadata__: { format: "pt" } }),
    JSON.stringify({ x: tensor("F64", [4], 0, 32) }),
    JSON.stringify({ x: tensor("BF16", [2, 2, 4], 0, 32) }),
  ],
  read: (bytes, place) => readTensors(place.write("model.safetensors", safetensors(Buffer.from(bytes).toString(), 32))),
};

const SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];

const safetensorsIndex: Target = {
  name: "safetensors-index",
  names: "safetensors-index",
  words: [...SHARDS, "weight_map", "metadata", "../model.safetensors", "/etc/passwd", ".safetensors", "a", "b"],
  json: true,
  tried: 2000,
  seeds: () => [JSON.stringify({ metadata: { total_size: 8 }, weight_map: { a: SHARDS[0], b: SHARDS[1] } })],
  setUp(place) {
    place.write("config.json", "{}");
    for (const [index, shard] of SHARDS.entries()) {
      place.write(shard, safetensors({ [index === 0 ? "a" : "b"]: tensor("F32", [1], 0, 4) }, 4));
    }
  },
  read(bytes, place) {
    place.write("model.safetensors.index.json", bytes);
    const checkpoint = openCheckpoint(place.folder);
    for (const name of checkpoint.names) checkpoint.read(name);
  },
};

const PICKLE_WORDS = [
  ...["ctorch._utils\n_rebuild_tensor_v2\n", "ctorch\nFloatStorage\n", "ccollections\nOrderedDict\n"],
  ...["ctorch._utils\n_rebuild_parameter\n", "ctorch\nBFloat16Storage\n", "\x8c\x08builtins\x8c\x04eval\x93"],
  ...["cposix\nsystem\n", "c__builtin__\neval\n(X\x13\x00\x00\x00globalThis.executedtR"],
  ...[
    "(",
    ")",
    "]",
    "}",
    "\x80\x02",
    "\x80\x05",
    "R",
    "Q",
    "t",
    "u",
    "s",
    "e",
    "a",
    ".",
    "\x85",
    "\x86",
    "\x87",
    "K\x01",
  ],
  ...[
    "J\xff\xff\xff\x7f",
    "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f",
    "h\x00",
    "q\x00",
    "\x94",
    "data.pkl",
    "PK\x01\x02",
  ],
  ...["PK\x03\x04", "PK\x05\x06", "PK\x06\x06", "PK\x06\x07", "byteorder", "X\xff\xff\xff\x7f", "storage", "b", "N"],
];

const pytorch = (name: string, seeds: readonly string[]): Target => ({
  name,
  names: "pytorch_model.bin",
  words: PICKLE_WORDS,
  tried: 640,
  seeds: () => seeds.map((seed) => fixture(`pytorch/${seed}`)),
  async read(bytes, place) {
    const converted = place.at("converted.safetensors");
    await convertPytorchFile(place.write("pytorch_model.bin", bytes), converted);
    readSafetensorsHeader(converted);
  },
});

export const weightsTargets: readonly Target[] = [
  safetensorsFile,
  safetensorsHeader,
  safetensorsIndex,
  pytorch("pytorch-zip", ["views.bin", "whole-module.bin"]),
  pytorch("pytorch-legacy", ["views-legacy.bin"]),
];
