/** Bytes of one value of each safetensors type this package reads. */
const BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
} as const;

/** A value type, as safetensors names it. */
export type DataType = keyof typeof BYTES;

export const DATA_TYPES: readonly string[] = Object.keys(BYTES);

export const isDataType = (name: unknown): name is DataType => typeof name === "string" && Object.hasOwn(BYTES, name);

export const bytesPerValue = (type: DataType): number => BYTES[type];
