import type { StepDefinition } from "@blora/spec";
import { copiedBytes } from "../graph/copied-bytes.ts";
import type { CodeType } from "./backend.ts";
import { type OperatorChoice, type TracedStep, traceStep } from "./trace-step.ts";

/**
 * What float32 copies of frozen matrices may take: a product with a matrix that its update is added to is the fastest, and
 * such sums live from the forward pass to the gradient. A number of its own, so that a run computes the same on any machine.
 */
export const MOST_COPIED: number = 2 * 2 ** 30;

export interface SparingOptions {
  readonly frozenCodes?: CodeType | undefined;
  /** Bytes */
  readonly mostCopied?: number;
}

/** `traceStep`, with `sparing` operators in place of `runtime` where copies of frozen matrices would take too much. */
export function traceSparingly(
  step: StepDefinition,
  operators: OperatorChoice,
  { frozenCodes, mostCopied = MOST_COPIED }: SparingOptions = {},
): TracedStep {
  const traced = traceStep(step, operators, frozenCodes);
  if (operators !== "runtime" || copiedBytes(traced.graph) <= mostCopied) return traced;
  return traceStep(step, "sparing", frozenCodes);
}
