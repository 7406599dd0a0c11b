import type { Adapter, GateProbabilities } from "@blora/spec";
import { evaluateOnHost, ops } from "@blora/tensor";
import { activationsOf, quantizerParameters, RANK_GATES, weightsOf } from "./layout.ts";
import type { BloraSettings } from "./options.ts";

/** P(open) of the rank gates by component, 2 to R, and of every quantizer's gates by width. */
export function gateProbabilities(settings: BloraSettings, { parameters }: Adapter): GateProbabilities {
  const { rankGate, quantizer } = settings;
  const logits = parameters[RANK_GATES]?.values ?? new Float32Array();
  const open = logits.length === 0 ? logits : evaluateOnHost(() => rankGate.probabilityOn(ops.tensor(logits)));
  const operands = [...weightsOf(settings), ...activationsOf(settings)].map(
    (operand) => [operand, quantizer.gateProbabilities?.(quantizerParameters(parameters, operand)) ?? {}] as const,
  );
  const groups = [
    ["rank", Object.fromEntries([...open].map((value, index) => [index + 2, value]))],
    ...operands,
  ] as const;
  return Object.fromEntries(groups.filter(([, gates]) => Object.keys(gates).length > 0));
}
