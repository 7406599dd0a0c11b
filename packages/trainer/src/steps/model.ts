import type { CostModel, Method, Task } from "@blora/spec";
import type { AdaptedNetwork } from "./network.ts";

/** A network with its task and method: what every training and evaluation step is made from. */
export interface Model extends AdaptedNetwork {
  readonly task: Task;
  readonly method: Method;
  readonly costModel: CostModel;
}
