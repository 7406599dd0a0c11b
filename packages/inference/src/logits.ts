import type { AssembledTokens, Feed, StepDefinition } from "@blora/spec";
import type { TensorSpec } from "@blora/tensor";
import type { Attachment } from "./attachment.ts";
import type { Runtime } from "./runtime.ts";

/** A text, or a pair of texts. */
export type TextInput = string | readonly [first: string, second: string];

/** Rows of one forward pass at most. */
const LARGEST_BATCH = 32;
const LENGTH_MULTIPLE = 16;
/** Inference is deterministic; engines still ask which noise it would be. */
const NO_NOISE = { seed: 0, step: 0 };

/** Logits [C] of every text: sorted by length, cut into batches, and put back in order. */
export async function logitsOf(
  runtime: Runtime,
  attachment: Attachment,
  inputs: readonly TextInput[],
): Promise<Float32Array[]> {
  const rows = inputs.map((input) => encode(runtime, attachment, input));
  const order = [...rows.keys()].sort((a, b) => rows[a]!.inputIds.length - rows[b]!.inputIds.length);
  const logits: Float32Array[] = Array.from({ length: rows.length });
  for (let start = 0; start < order.length; start += LARGEST_BATCH) {
    const members = order.slice(start, start + LARGEST_BATCH);
    const batch = await runBatch(
      runtime,
      attachment,
      members.map((row) => rows[row]!),
    );
    members.forEach((row, b) => {
      logits[row] = batch[b]!;
    });
  }
  return logits;
}

function encode({ tokenizer }: Runtime, { maxLength }: Attachment, input: TextInput): AssembledTokens {
  const [first, second] = typeof input === "string" ? [input, undefined] : input;
  return tokenizer.assemble(
    tokenizer.encode(first),
    second === undefined ? undefined : tokenizer.encode(second),
    maxLength,
  );
}

/** Pads to few distinct shapes, because each is compiled once: B to a power of two, T to a multiple. */
async function runBatch(
  { network, steps, tokenizer }: Runtime,
  attachment: Attachment,
  rows: readonly AssembledTokens[],
): Promise<Float32Array[]> {
  const B = 2 ** Math.ceil(Math.log2(rows.length));
  const longest = Math.max(...rows.map(({ inputIds }) => inputIds.length));
  const limit = network.architecture.maxLength(network.config);
  const T = Math.min(Math.ceil(longest / LENGTH_MULTIPLE) * LENGTH_MULTIPLE, limit);
  const key = `classify ${B}x${T} ${attachment.signature}`;
  const step = await steps.get(key, () => classifyStep(network, attachment, B, T));
  const feeds = { ...attachment.feeds, ...batchFeeds(rows, B, T, tokenizer.special.pad) };
  const { outputs } = await step.run(feeds, {}, NO_NOISE);
  const C = outputs.logits!.length / B;
  return rows.map((_, b) => outputs.logits!.slice(b * C, (b + 1) * C));
}

function classifyStep(
  { architecture, config }: Runtime["network"],
  { head, frozen, specs, parts }: Attachment,
  B: number,
  T: number,
): StepDefinition {
  const ids: TensorSpec = { shape: [B, T], dtype: "int32" };
  return {
    name: `classify ${B}x${T}`,
    mode: "eval",
    inputs: { ...specs, inputIds: ids, tokenTypeIds: ids, attentionMask: { shape: [B, T], dtype: "float32" } },
    trainable: {},
    frozen,
    compute(tensors) {
      const { inputIds, tokenTypeIds, attentionMask } = tensors.input;
      const batch = { inputIds: inputIds!, tokenTypeIds: tokenTypeIds!, attentionMask: attentionMask! };
      const logits = architecture.forward({ config, head, batch, context: tensors.context, ...parts(tensors) });
      return { outputs: { logits } };
    },
  };
}

/** Rows beyond the texts repeat the first one: attention cannot normalize a row of padding alone. */
function batchFeeds(rows: readonly AssembledTokens[], B: number, T: number, padId: number): Record<string, Feed> {
  const inputIds = new Int32Array(B * T).fill(padId);
  const tokenTypeIds = new Int32Array(B * T);
  const attentionMask = new Float32Array(B * T);
  for (let b = 0; b < B; b++) {
    const row = rows[b] ?? rows[0]!;
    inputIds.set(row.inputIds, b * T);
    tokenTypeIds.set(row.tokenTypeIds, b * T);
    attentionMask.fill(1, b * T, b * T + row.inputIds.length);
  }
  return { inputIds, tokenTypeIds, attentionMask };
}
