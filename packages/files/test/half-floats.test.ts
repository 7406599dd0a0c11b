import { expect, test } from "vitest";
import { widenBfloat16, widenFloat16 } from "../src/half-floats.ts";

const everyPattern = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);

/** Moves the fields of a half-precision number to their places in a single-precision one. */
function halfByBits(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  const [sign, exponent, fraction] = [bits >>> 15, (bits >>> 10) & 31, bits & 1023];
  if (exponent === 0) return (sign ? -1 : 1) * fraction * 2 ** -24;
  view.setUint32(0, ((sign << 31) | ((exponent === 31 ? 255 : exponent + 112) << 23) | (fraction << 13)) >>> 0);
  return view.getFloat32(0);
}

test("every half-precision pattern widens to the same number", () => {
  const out = new Float32Array(everyPattern.length);
  widenFloat16(everyPattern, out);
  const wrong = everyPattern.filter((bits) => !Object.is(out[bits], halfByBits(bits)));
  expect([...wrong]).toEqual([]);
});

test("every bfloat16 pattern widens to the same number", () => {
  const out = new Float32Array(everyPattern.length);
  widenBfloat16(everyPattern, out);
  const view = new DataView(new ArrayBuffer(4));
  const wrong = everyPattern.filter((bits) => {
    view.setUint16(0, bits);
    return !Object.is(out[bits], view.getFloat32(0));
  });
  expect([...wrong]).toEqual([]);
});
