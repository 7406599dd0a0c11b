import type { Context } from "@blora/spec";
import { ops, sizeOf, uniformValues } from "@blora/tensor";

export interface TestContextOptions {
  readonly seed?: number;
  readonly step?: number;
  /** Noise by path instead of the generator's, such as a constant 0.5. */
  readonly uniform?: (path: string, size: number) => ArrayLike<number>;
}

/** A context that draws the noise an engine would draw for the same seed, step and path. */
export function createTestContext(mode: Context["mode"], options: TestContextOptions = {}): Context {
  const { seed = 0, step = 0, uniform = (path, size) => uniformValues({ seed, step, path }, size) } = options;
  return {
    mode,
    uniform: (path, shape) => ops.tensor(Float32Array.from(uniform(path, sizeOf(shape))), [...shape]),
  };
}
