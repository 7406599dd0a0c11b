type FloatType = "F32" | "F16" | "BF16";

/** What the words of a type share where a value is none: NaN and infinity have every bit of the exponent set. */
const EXPONENTS: Readonly<Record<FloatType, number>> = { F32: 0x7f800000, F16: 0x7c00, BF16: 0x7f80 };

/** The first NaN or infinity among values as a file has them, little-endian; undefined where all are finite. */
export function firstNonFinite(
  { buffer, byteOffset, byteLength }: Uint8Array,
  type: FloatType,
): { readonly index: number; readonly value: "NaN" | "Infinity" } | undefined {
  const words =
    type === "F32"
      ? new Uint32Array(buffer, byteOffset, byteLength / 4)
      : new Uint16Array(buffer, byteOffset, byteLength / 2);
  const exponent = EXPONENTS[type];
  const sign = type === "F32" ? 0x80000000 : 0x8000;
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    if ((word & exponent) !== exponent) continue;
    return { index, value: (word & ~(exponent | sign)) === 0 ? "Infinity" : "NaN" };
  }
  return undefined;
}
