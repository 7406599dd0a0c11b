import type { AdapterDescription } from "./description.ts";
import type { AdapterWeights } from "./weights.ts";

/** An adapter as it was trained. */
export interface TrainedAdapter {
  readonly description: AdapterDescription;
  readonly weights: AdapterWeights;
}
