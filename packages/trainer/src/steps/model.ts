import type { Architecture, CostModel, FrozenTensor, LinearSite, Method, Task } from "@blora/spec";

/** A network with its task and method: what every step definition is made from. */
export interface Model {
  readonly architecture: Architecture;
  /** Parsed `config.json`. */
  readonly config: unknown;
  readonly task: Task;
  readonly method: Method;
  readonly costModel: CostModel;
  /** Adapted linear maps, in forward order. */
  readonly sites: readonly LinearSite[];
  /** Every base tensor of the forward pass, by the architecture's names. */
  readonly frozen: ReadonlyMap<string, FrozenTensor>;
  /** Tensors trained as the head, by the architecture's names. */
  readonly headNames: ReadonlySet<string>;
}
