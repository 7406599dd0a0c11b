import { closeSync, openSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { openCheckpoint, readSafetensorsHeader, readTensor } from "@blora/weights";
import { expect } from "vitest";
import { fault, refusal } from "./fault.ts";

/** Bytes of a safetensors file with any header; `data` bytes of zeros, or these, follow. */
function bytesOf(header: object | string | Uint8Array, data: number | Uint8Array = 0): Buffer {
  const json =
    header instanceof Uint8Array ? header : Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, typeof data === "number" ? Buffer.alloc(data) : data]);
}

const tensor = (shape: readonly number[], begin: number, end: number, dtype = "F32") => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

/** What opening a model comes to whose weights are `bytes`. */
function opened(folder: string, bytes: Uint8Array): Promise<string> {
  writeFileSync(join(folder, "config.json"), '{"model_type":"tiny"}');
  writeFileSync(join(folder, "model.safetensors"), bytes);
  return refusal(() => openCheckpoint(folder));
}

/** The sentence of an error about the weights of `folder`. */
const about = (folder: string, rest: string): string => `InvalidInputError: ${folder}/model.safetensors${rest}`;

fault(1, "weights cut short by 3 bytes", async (folder) => {
  const whole = bytesOf({ w: tensor([4], 0, 16) }, 16);
  const came = await opened(folder, whole.subarray(0, -3));
  expect(came).toBe(about(folder, ` is cut short: expected ${whole.length} bytes, found ${whole.length - 3}`));
  return came;
});

fault(2, "weights of 0 bytes, and of 7", async (folder) => {
  for (const size of [0, 7]) {
    expect(await opened(folder, Buffer.alloc(size))).toBe(
      about(folder, `: expected a safetensors file of at least 8 bytes, found ${size}`),
    );
  }
  return opened(folder, Buffer.alloc(7));
});

fault(3, "a git-lfs pointer in place of the weights", async (folder) => {
  const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
  const came = await opened(folder, Buffer.from(pointer));
  expect(came).toBe(
    about(
      folder,
      ' is a git-lfs pointer, not the file itself. Run "git lfs pull" in its repository, or download the file.',
    ),
  );
  return came;
});

fault(4, "a header longer than its file", async (folder) => {
  const bytes = bytesOf({});
  bytes.writeBigUInt64LE(1000n);
  const came = await opened(folder, bytes);
  expect(came).toBe(
    about(folder, ": expected a header that fits in the file's 10 bytes, found a header length of 1000"),
  );
  return came;
});

fault(5, "a header that is no UTF-8, no JSON, or a million levels deep", async (folder) => {
  expect(await opened(folder, bytesOf(Buffer.from([0x7b, 0xff, 0x7d])))).toContain("expected UTF-8 text");
  expect(await opened(folder, bytesOf("{nonsense"))).toContain("expected JSON: ");
  for (const open of ["[", '{"a":']) {
    expect(await opened(folder, bytesOf(`{"a":${open.repeat(1_000_000)}`))).toContain("at most 3 levels of nesting");
  }
  return opened(folder, bytesOf(`{"a":${'{"a":'.repeat(1_000_000)}`));
});

fault(6, "tensors that overlap, and a hole between two", async (folder) => {
  const overlap = await opened(folder, bytesOf({ a: tensor([2], 0, 8), b: tensor([2], 4, 12) }, 12));
  expect(overlap).toBe(
    about(folder, ': invalid offset of tensor "b": expected its data at 8, found 4 (it overlaps the tensor before)'),
  );
  expect(await opened(folder, bytesOf({ a: tensor([2], 0, 8), b: tensor([2], 12, 20) }, 20))).toBe(
    about(
      folder,
      ': invalid offset of tensor "b": expected its data at 8, found 12 (nothing covers the bytes between)',
    ),
  );
  return overlap;
});

fault(7, "a shape of 2^62 values, whose bytes are 0 in 64 bits", async (folder) => {
  const came = await opened(folder, bytesOf({ w: tensor([2 ** 31, 2 ** 31], 0, 0) }));
  expect(came).toBe(
    about(
      folder,
      ': tensor "w": shape [2147483648, 2147483648] of F32 takes 18446744073709551616 bytes, but its offsets span 0',
    ),
  );
  return came;
});

fault(8, "one tensor named twice, the second time with an escape", async (folder) => {
  const entry = JSON.stringify(tensor([1], 0, 4));
  const came = await opened(folder, bytesOf(`{"w":${entry},"\\u0077":${entry}}`, 4));
  expect(came).toBe(`InvalidInputError: Header of ${folder}/model.safetensors: the key "w" occurs twice`);
  expect(await opened(folder, bytesOf(`{"w":${entry},"w":${entry}}`, 4))).toBe(came);
  return came;
});

fault(9, "a number in __metadata__", async (folder) => {
  const came = await opened(folder, bytesOf({ __metadata__: { rank: 8 } }));
  expect(came).toBe(about(folder, ': expected strings in __metadata__, found 8 at "rank"'));
  return came;
});

fault(10, "a zip archive after the last tensor", async (folder) => {
  const bytes = bytesOf({ w: tensor([1], 0, 4) }, Buffer.from("\0\0\0\0PK\x05\x06"));
  const came = await opened(folder, bytes);
  const end = bytes.length - 4;
  expect(came).toBe(
    about(folder, `: expected the file to end with its last tensor at ${end} bytes, found ${bytes.length}`),
  );
  return came;
});

fault(11, "tensors of 8-bit and 4-bit floats, and one of booleans", async (folder) => {
  const types = "BOOL, U8, I8, U16, I16, F16, BF16, U32, I32, F32, U64, I64, F64";
  for (const dtype of ["F8_E4M3", "I4", "F4"]) {
    expect(await opened(folder, bytesOf({ "a.w": tensor([4], 0, 4, dtype) }, 4))).toBe(
      about(folder, `: tensor "a.w": expected one of the types ${types}, found "${dtype}"`),
    );
  }
  writeFileSync(join(folder, "model.safetensors"), bytesOf({ mask: tensor([4], 0, 4, "BOOL") }, 4));
  expect(await refusal(() => openCheckpoint(folder).frozen("mask"))).toBe(
    about(folder, ': expected tensor "mask" as F32, F16 or BF16, found BOOL'),
  );
  return opened(folder, bytesOf({ "a.w": tensor([4], 0, 4, "F8_E4M3") }, 4));
});

/** The value that 16 bits stand for, from the definition of their format. */
function meaningOf(bits: number, exponentBits: number): number {
  const mantissaBits = 15 - exponentBits;
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> mantissaBits) & (2 ** exponentBits - 1);
  const fraction = (bits & (2 ** mantissaBits - 1)) / 2 ** mantissaBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** (1 - bias) : sign * (1 + fraction) * 2 ** (exponent - bias);
}

fault(13, "all 65,536 values of bfloat16 and of float16, read as float32", (folder) => {
  const words = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);
  const path = join(folder, "model.safetensors");
  for (const [type, exponentBits] of [
    ["BF16", 8],
    ["F16", 5],
  ] as const) {
    writeFileSync(path, bytesOf({ w: tensor([2 ** 16], 0, 2 ** 17, type) }, new Uint8Array(words.buffer)));
    const read = readTensor(readSafetensorsHeader(path), "w");
    const wrong = words.filter((bits) => !Object.is(read[bits], meaningOf(bits, exponentBits)));
    expect([...wrong], type).toEqual([]);
  }
  return "every value is the same number in float32, to the last bit";
});

fault(14, "weights of 5 GiB, with a tensor after the gap", (folder) => {
  const path = join(folder, "model.safetensors");
  const far = 5 * 2 ** 30;
  const header = bytesOf({ gap: tensor([far], 0, far, "U8"), w: tensor([2], far, far + 8) });
  const descriptor = openSync(path, "w");
  writeSync(descriptor, header);
  writeSync(descriptor, new Uint8Array(new Float32Array([3, -7]).buffer), 0, 8, header.length + far);
  closeSync(descriptor);
  const values = readTensor(readSafetensorsHeader(path), "w");
  expect(values).toEqual(new Float32Array([3, -7]));
  return `the tensor at byte ${header.length + far} is read alone: ${values.join(", ")}`;
});

fault(15, "a header of 130 MB, and 50,000 tensors in one of 3", async (folder) => {
  const path = join(folder, "model.safetensors");
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(130_000_000n);
  const came = await opened(folder, length).then(() => {
    truncateSync(path, 130_000_008);
    return refusal(() => readSafetensorsHeader(path));
  });
  expect(came).toBe(about(folder, ": expected a header of at most 100000000 bytes, found a length of 130000000"));
  const count = 50_000;
  const header = Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`t${index}`, tensor([], 4 * index, 4 * index + 4)]),
  );
  writeFileSync(path, bytesOf(header, 4 * count));
  expect(readSafetensorsHeader(path).tensors.size).toBe(count);
  return came;
});
