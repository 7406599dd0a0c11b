import { philox4x32 } from "./philox.ts";

/**
 * Random numbers addressed by (seed, step, path), never by call order: every
 * engine draws the same values and a resumed run needs only its step number.
 */
export interface NoiseAddress {
  /** Unsigned 32-bit run seed. */
  readonly seed: number;
  /** Training step, 0 for initial values. */
  readonly step: number;
  /** What the numbers are for, such as `deberta.encoder.layer.0/rank`. */
  readonly path: string;
}

const WORDS = 4;
const MANTISSA_STEPS = 2 ** 24;

/** Two independent 32-bit FNV-1a hashes of a path. */
function hashPath(path: string): [number, number] {
  let low = 0x811c9dc5;
  let high = 0x9747b28c;
  for (let index = 0; index < path.length; index++) {
    const code = path.charCodeAt(index);
    low = Math.imul(low ^ code, 0x01000193) >>> 0;
    high = Math.imul(high ^ (code + index), 0x01000193) >>> 0;
  }
  return [low, high];
}

/** `size` unsigned 32-bit words. */
export function randomWords({ seed, step, path }: NoiseAddress, size: number): Uint32Array {
  const [low, high] = hashPath(path);
  const words = new Uint32Array(Math.ceil(size / WORDS) * WORDS);
  for (let block = 0; block * WORDS < size; block++) {
    philox4x32([block, step >>> 0, low, high], [seed >>> 0, 0], words, block * WORDS);
  }
  return words.subarray(0, size);
}

/** `size` floats in (0, 1): the centres of 2^24 equal cells, so ln u and ln(1 - u) are finite. */
export function uniformValues(address: NoiseAddress, size: number): Float32Array {
  const words = randomWords(address, size);
  const uniforms = new Float32Array(size);
  for (let index = 0; index < size; index++) {
    const u = ((words[index]! >>> 8) + 0.5) / MANTISSA_STEPS;
    uniforms[index] = Math.min(u, 1 - 1 / MANTISSA_STEPS);
  }
  return uniforms;
}

/** `size` samples of N(0, standardDeviation²), by Box and Muller's transform. */
export function normalValues(address: NoiseAddress, size: number, standardDeviation = 1): Float32Array {
  const pairs = Math.ceil(size / 2);
  const uniforms = uniformValues(address, 2 * pairs);
  const out = new Float32Array(2 * pairs);
  for (let pair = 0; pair < pairs; pair++) {
    const radius = Math.sqrt(-2 * Math.log(uniforms[2 * pair]!)) * standardDeviation;
    const angle = 2 * Math.PI * uniforms[2 * pair + 1]!;
    out[2 * pair] = radius * Math.cos(angle);
    out[2 * pair + 1] = radius * Math.sin(angle);
  }
  return out.subarray(0, size);
}

/** A random order of 0 .. size - 1 (Fisher and Yates). */
export function permutation(address: NoiseAddress, size: number): Uint32Array {
  const words = randomWords(address, size);
  const order = Uint32Array.from({ length: size }, (_, index) => index);
  for (let last = size - 1; last > 0; last--) {
    const other = Math.floor((words[last]! / 2 ** 32) * (last + 1));
    const swapped = order[last]!;
    order[last] = order[other]!;
    order[other] = swapped;
  }
  return order;
}
