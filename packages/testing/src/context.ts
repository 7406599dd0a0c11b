import type { Context } from "@blora/spec";
import { dropoutMaskValues, ops, sizeOf, uniformValues } from "@blora/tensor";

export interface TestContextOptions {
  readonly seed?: number;
  readonly step?: number;
  /** Noise by path instead of the generator's, such as a constant 0.5. Entries are dropped where it is below the probability. */
  readonly uniform?: (path: string, size: number) => ArrayLike<number>;
}

/** A context that draws the noise an engine would draw for the same seed, step and path. */
export function createTestContext(mode: Context["mode"], options: TestContextOptions = {}): Context {
  const { seed = 0, step = 0, uniform = (path, size) => uniformValues({ seed, step, path }, size) } = options;
  const mask = (path: string, size: number, probability: number): Float32Array =>
    options.uniform === undefined
      ? dropoutMaskValues({ seed, step, path }, size, probability)
      : Float32Array.from(uniform(path, size), (u) => (u < probability ? 0 : 1 / (1 - probability)));
  return {
    mode,
    uniform: (path, shape) => ops.tensor(Float32Array.from(uniform(path, sizeOf(shape))), [...shape]),
    dropoutMask: (path, shape, probability) => ops.tensor(mask(path, sizeOf(shape), probability), [...shape]),
  };
}
