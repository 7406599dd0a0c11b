import { type Batch, type ForwardInputs, type Head, requireHead } from "@blora/spec";
import { ops, type Tensor } from "@blora/tensor";
import { z } from "zod";

/** Options of a family whose classifier can be dropped out. */
export interface ClassifierOptions {
  /** Dropout of what the classifier reads while training, from 0 to below 1. Default 0. */
  readonly classifierDropout?: number | undefined;
}

export const classifierOptions: z.ZodType<ClassifierOptions | undefined> = z
  .strictObject({ classifierDropout: z.number().min(0).lt(1).optional() })
  .optional();

/**
 * Leaves out a share of the units a classifier reads, in training only.
 *
 * @param x of any shape
 * @param path address of the noise
 */
export function dropout(
  { context }: Pick<ForwardInputs<unknown>, "context">,
  x: Tensor,
  share: number,
  path = "classifier/dropout",
): Tensor {
  if (share === 0 || context.mode !== "train") return x;
  const kept = ops.step(ops.sub(context.uniform(path, x.shape), share));
  return ops.mul(x, ops.mul(kept, 1 / (1 - share)));
}

/** States [M, H] of the first token of each text: [B, H]. */
export function firstTokens({ inputIds }: Batch, x: Tensor): Tensor {
  const [B, T] = inputIds.shape as [number, number];
  const H = x.shape[1]!;
  return ops.reshape(ops.slice(ops.reshape(x, [B, T, H]), [0, 0, 0], [B, 1, H]), [B, H]);
}

/** Logits of every token from states [M, H], by the linear map at `path`: [B, T, C]. */
export function classifyTokens(
  { linear, batch }: Pick<ForwardInputs<unknown>, "linear" | "batch">,
  path: string,
  x: Tensor,
): Tensor {
  const logits = linear(path, x); // [M, C]
  return ops.reshape(logits, [...batch.inputIds.shape, logits.shape[1]!]);
}

/**
 * C, the outputs of a head that labels texts or tokens.
 *
 * @throws InvalidInputError naming the family, for any other head
 */
export function classesOf(family: string, head: Head): number {
  requireHead(family, head, "classification", "regression", "token-classification");
  return head.kind === "regression" ? 1 : head.labels.length;
}
