import type { BaseLinear, Context, TracedAdapter } from "@blora/spec";
import { linearWithUpdate, ops, type Tensor, type TensorRecord } from "@blora/tensor";
import { applyUpdate, dropout, scaleOf } from "../low-rank.ts";
import { activationQuantizer, roundedBase } from "./large-operands.ts";
import { activationsOf, COMPONENT_GATES, layoutOf, RANK_GATES } from "./layout.ts";
import type { BloraSettings } from "./options.ts";
import { operandQuantizer } from "./quantization.ts";
import { drawRankGates } from "./rank-gates.ts";

/** y = W̃0·x + s·B̃·diag(g ⊙ ẽ)·Ã·x, where ~ rounds what the scope names. x [M, I] → [M, O] */
export function applyBlora(
  settings: BloraSettings,
  adapter: TracedAdapter,
  x: Tensor,
  base: BaseLinear,
  context: Context,
): Tensor {
  const { site, parameters } = adapter;
  const quantize = operandQuantizer(settings, adapter, context);
  const gates = componentGates(settings, adapter, context);
  const rounded = quantize("E", parameters.E!);
  const scales = gates === undefined ? rounded : ops.mul(gates, rounded); // [R] or [1, R]
  const A = quantize("A", parameters.A!);
  const B = quantize("B", parameters.B!);
  const scale = scaleOf(settings.alpha, settings.rank);

  const { signed } = layoutOf(adapter);
  const roundsInside = signed.W0 !== undefined || activationsOf(settings).some((name) => signed[name] !== undefined);
  if (!roundsInside) {
    const update = { A, B: ops.mul(B, ops.mul(scales, scale)) };
    return applyUpdate(site, update, x, base, context, settings.dropout);
  }
  const round = activationQuantizer(settings, adapter, x.shape[0]!, context);
  const input = round("input", x);
  const dropped = dropout(input, settings.dropout, context, site.path);
  const afterA = round("afterA", ops.matMul(dropped, A, false, true)); // [M, R]
  const afterE = round("afterE", ops.mul(afterA, scales)); // [M, R]
  const update = { h: afterE, B: ops.mul(B, scale) };
  // The frozen map sees rounded operands at scope `site` alone.
  if (settings.scope === "site") return roundedBase(settings, adapter, input, update, base, context);
  return linearWithUpdate(base.apply, x, base.weight, update.h, update.B);
}

/** g [1, R]; undefined where every component is on. */
function componentGates(
  settings: BloraSettings,
  { site, parameters }: TracedAdapter,
  context: Context,
): Tensor | undefined {
  const logits = parameters[RANK_GATES];
  if (logits === undefined) return undefined;
  return parameters[COMPONENT_GATES] ?? drawRankGates(settings, [logits], context, site.path)[0];
}

/** Smallest and largest value of every activation in scope, as the float forward pass has them. */
export function observeActivations({ parameters }: TracedAdapter, x: Tensor): TensorRecord {
  const afterA = ops.matMul(x, parameters.A!, false, true); // [M, R]
  const activations = { input: x, afterA, afterE: ops.mul(afterA, parameters.E!) };
  return Object.fromEntries(
    Object.entries(activations).flatMap(([name, activation]) => [
      [`${name}.min`, ops.neg(ops.max(ops.neg(activation)))],
      [`${name}.max`, ops.max(activation)],
    ]),
  );
}
