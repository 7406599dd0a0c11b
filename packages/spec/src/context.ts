import type { Shape, Tensor } from "@blora/tensor";

/** What a forward pass may ask of the step that runs it. */
export interface Context {
  /** `train` draws gates and dropout masks; `eval` is deterministic. */
  readonly mode: "train" | "eval";
  /**
   * Uniform noise in (0, 1), the same on every engine for one (seed, step,
   * path): asked for again, a path gives the same numbers again.
   */
  uniform(path: string, shape: Shape): Tensor;
}
