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
  /**
   * What activations are multiplied by to drop a share of them, to 1/1024, and to keep their mean: 0, or one over the
   * share that is kept. Addressed as `uniform`, and drawn where the step is computed: for large tensors.
   */
  dropoutMask(path: string, shape: Shape, probability: number): Tensor;
}
