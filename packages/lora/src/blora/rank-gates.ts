import type { Adapter, Context } from "@blora/spec";
import { nestedProduct, nestedRank, ops, roundStraightThrough, rowsOf, scalarsOf, type Tensor } from "@blora/tensor";
import { layoutOf, RANK_GATES } from "./layout.ts";
import type { BloraSettings } from "./options.ts";

/** g [..., R] of the components from gate values v_2 … v_R [..., R-1]; the first is always on. */
function chain({ rankPrior }: BloraSettings, values: Tensor): Tensor {
  if (rankPrior === "nested") return nestedProduct(values);
  const paddings = values.shape.map((_, axis): [number, number] => [axis === values.shape.length - 1 ? 1 : 0, 0]);
  return ops.pad(values, paddings, 1);
}

/** Gates g [1, R] of each site for one pass, from their logits: sampled in training, exactly 0 or 1 in evaluation. */
export function drawRankGates(
  settings: BloraSettings,
  logits: readonly Tensor[],
  context: Context,
  path: string,
): Tensor[] {
  if (logits.length === 0) return [];
  return rowsOf(gatesOf(settings, ops.stack([...logits]), context, `${path}/rank`));
}

/** [S, R-1] to [S, R] */
function gatesOf(settings: BloraSettings, logits: Tensor, context: Context, path: string): Tensor {
  if (context.mode === "eval") return chain(settings, settings.rankGate.mode(logits));
  const gates = chain(settings, settings.rankGate.sample(logits, context.uniform(path, logits.shape)));
  return settings.portCompat ? roundStraightThrough(gates) : gates;
}

/** Expected share of open components r̄ / R of every site, scalars. One stack, so that the chain is paid once. */
export function expectedKeeps(settings: BloraSettings, logits: readonly Tensor[]): Tensor[] {
  if (logits.length === 0) return [];
  const probabilities = settings.rankGate.probabilityOn(ops.stack([...logits])); // [S, R-1]
  return scalarsOf(ops.mean(chain(settings, probabilities), 1));
}

/** Components with an open gate, ascending. Without gates all are open. */
export function openComponents({ rankGate, rankPrior }: BloraSettings, adapter: Adapter): number[] {
  const { rank } = layoutOf(adapter);
  const components = Array.from({ length: rank }, (_, component) => component);
  const logits = adapter.parameters[RANK_GATES]?.values;
  if (logits === undefined) return components;
  if (rankPrior === "nested") return components.slice(0, nestedRank(logits, rankGate));
  return components.filter((component) => component === 0 || rankGate.isOn(logits[component - 1]!));
}
