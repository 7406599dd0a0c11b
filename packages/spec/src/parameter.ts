import type { HostTensor } from "@blora/tensor";

/**
 * Which optimizer settings train a parameter: `weights` the learning rate,
 * decay and schedule of the run; `head` the learning rate of the task head;
 * `gates` and `ranges` what `MethodTraining.optimizer` says. `frozen` parameters are
 * saved with the adapter and never trained.
 */
export type ParameterGroup = "weights" | "gates" | "ranges" | "head" | "frozen";

/** A tensor of the adapter or the head, on the host between steps. */
export interface Parameter extends HostTensor {
  readonly group: ParameterGroup;
}

/** Named parameters of one site, quantizer or head. */
export type ParameterRecord = Readonly<Record<string, Parameter>>;
