import type { AdaptedNetwork } from "@blora/network";
import type { CostModel, Method, Task } from "@blora/spec";
import type { Objective } from "../objective/objective.ts";

/** A network with its task and method: what every training and evaluation step is made from. */
export interface Model extends AdaptedNetwork {
  readonly task: Task;
  readonly objective: Objective;
  readonly method: Method;
  readonly costModel: CostModel;
}
