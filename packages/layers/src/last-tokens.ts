import type { Batch } from "@blora/spec";
import { ops, type Tensor } from "@blora/tensor";

/**
 * States [M, H] of the last token of each text: [B, H]. As Hugging Face's decoders with a classifier, that is the
 * rightmost token whose id is not `padId`, on whichever side a text is padded; what the mask hides is no token either,
 * so that nothing depends on `padId` where texts do not end in it. Undefined: the mask alone decides.
 */
export function lastTokens({ inputIds, attentionMask }: Batch, x: Tensor, padId: number | undefined): Tensor {
  const [B, T] = inputIds.shape as [number, number];
  const H = x.shape[1]!;
  const places = ops.tensor(
    Float32Array.from({ length: T }, (_, place) => place),
    [1, T],
  );
  const last = ops.max(ops.mul(places, isToken({ inputIds, attentionMask }, padId)), 1, true); // [B, 1]
  const chosen = ops.cast(ops.equal(places, last), "float32"); // [B, T], a single 1 in each row
  return ops.reshape(ops.matMul(ops.reshape(chosen, [B, 1, T]), ops.reshape(x, [B, T, H])), [B, H]);
}

/** 1 for tokens and 0 for padding: [B, T]. */
function isToken({ inputIds, attentionMask }: Batch, padId: number | undefined): Tensor {
  if (padId === undefined) return attentionMask;
  const isPad = ops.cast(ops.equal(inputIds, ops.scalar(padId, "int32")), "float32");
  return ops.mul(attentionMask, ops.sub(1, isPad));
}
