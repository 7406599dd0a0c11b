/**
 * Reads GGUF files of version 3 (llama.cpp's format): metadata, and tensors as
 * float32. Little-endian; positions are byte offsets into the file.
 */

export type GgufValue = string | number | bigint | boolean | readonly GgufValue[];

export interface GgufTensor {
  /** Row-major: the slowest axis first, unlike in the file. */
  readonly shape: readonly number[];
  values(): Float32Array;
}

export interface Gguf {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

const MAGIC = 0x46554747;
const DEFAULT_ALIGNMENT = 32;

/** @throws for another format or version, and on reading a tensor of a type that is not F32, Q4_1 or Q8_0 */
export function readGguf(bytes: Uint8Array): Gguf {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader = createReader(view);
  const [magic, version] = [reader.uint32(), reader.uint32()];
  if (magic !== MAGIC || version !== 3) throw new Error(`expected a GGUF file of version 3, found version ${version}`);
  const tensorCount = reader.size();
  const metadata = new Map<string, GgufValue>();
  for (let left = reader.size(); left > 0; left--) metadata.set(reader.text(), reader.value(reader.uint32()));
  const listed = Array.from({ length: tensorCount }, () => {
    const name = reader.text();
    const shape = Array.from({ length: reader.uint32() }, () => reader.size()).reverse();
    return { name, shape, type: reader.uint32(), offset: reader.size() };
  });
  const alignment = Number(metadata.get("general.alignment") ?? DEFAULT_ALIGNMENT);
  const start = Math.ceil(reader.position() / alignment) * alignment;
  const tensors = listed.map(({ name, shape, type, offset }) => {
    const size = shape.reduce((product, length) => product * length, 1);
    return [name, { shape, values: () => dequantize(name, view, type, start + offset, size) }] as const;
  });
  return { metadata, tensors: new Map(tensors) };
}

function createReader(view: DataView) {
  let at = 0;
  const step = (bytes: number): number => {
    at += bytes;
    return at - bytes;
  };
  const uint32 = (): number => view.getUint32(step(4), true);
  const size = (): number => Number(view.getBigUint64(step(8), true));
  const text = (): string => {
    const length = size();
    return Buffer.from(view.buffer, view.byteOffset + step(length), length).toString("utf8");
  };
  /** By the number that names a value's type in the file. */
  const scalars: Readonly<Record<number, () => GgufValue>> = {
    0: () => view.getUint8(step(1)),
    1: () => view.getInt8(step(1)),
    2: () => view.getUint16(step(2), true),
    3: () => view.getInt16(step(2), true),
    4: uint32,
    5: () => view.getInt32(step(4), true),
    6: () => view.getFloat32(step(4), true),
    7: () => view.getUint8(step(1)) !== 0,
    8: text,
    10: () => view.getBigUint64(step(8), true),
    11: () => view.getBigInt64(step(8), true),
    12: () => view.getFloat64(step(8), true),
  };
  const value = (type: number): GgufValue => {
    if (type !== 9) return scalars[type]!();
    const member = uint32();
    return Array.from({ length: size() }, () => value(member));
  };
  return { uint32, size, text, value, position: () => at };
}

/** Values of a block. Scales are float16. */
const BLOCK = 32;
const [F32, Q4_1, Q8_0] = [0, 3, 8];

function dequantize(name: string, view: DataView, type: number, start: number, size: number): Float32Array {
  const out = new Float32Array(size);
  if (type === F32) return out.map((_, index) => view.getFloat32(start + 4 * index, true));
  if (type !== Q4_1 && type !== Q8_0)
    throw new Error(`${name}: expected a tensor of F32, Q4_1 or Q8_0, found type ${type}`);
  for (let block = 0; block < size / BLOCK; block++) {
    if (type === Q8_0) readQ8(view, start + block * 34, out.subarray(block * BLOCK));
    else readQ4(view, start + block * 20, out.subarray(block * BLOCK));
  }
  return out;
}

/** Q8_0: scale d, then 32 signed bytes q; value d·q. */
function readQ8(view: DataView, at: number, out: Float32Array): void {
  const d = float16(view.getUint16(at, true));
  for (let index = 0; index < BLOCK; index++) out[index] = d * view.getInt8(at + 2 + index);
}

/** Q4_1: scale d, minimum m, then 16 bytes, of which low halves hold the first 16 codes; value d·q + m. */
function readQ4(view: DataView, at: number, out: Float32Array): void {
  const [d, m] = [float16(view.getUint16(at, true)), float16(view.getUint16(at + 2, true))];
  for (let index = 0; index < BLOCK / 2; index++) {
    const byte = view.getUint8(at + 4 + index);
    out[index] = d * (byte & 15) + m;
    out[index + BLOCK / 2] = d * (byte >> 4) + m;
  }
}

function float16(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
