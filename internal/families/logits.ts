import type { AdaptedModel } from "@blora/inference";
import type { Tokenizer } from "@blora/spec";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { TEXTS } from "./data.ts";

/** Logits of every text, one after the other: of the labels, or of the next token. */
export async function logitsOf(
  model: AdaptedModel,
  tokenizer: Tokenizer,
  texts: readonly string[] = TEXTS,
): Promise<number[]> {
  if (model.head.kind !== "language-model") return (await model.logits(texts)).flatMap((row) => [...row]);
  const rows: number[] = [];
  for (const text of texts) rows.push(...(await model.openReader().read(tokenizer.encode(text))));
  return rows;
}

const integers = (values: readonly number[]): Tensor =>
  new Tensor("int64", BigInt64Array.from(values, BigInt), [1, values.length]);

/** The same of an exported graph, as ONNX Runtime alone computes them. */
export async function graphLogits(
  file: string,
  tokenizer: Tokenizer,
  texts: readonly string[] = TEXTS,
): Promise<number[]> {
  const session = await InferenceSession.create(file, { intraOpNumThreads: 1 });
  const rows: number[] = [];
  for (const text of texts) {
    const { logits } = await session.run(feedsOf(session, text, tokenizer));
    const { data, dims } = logits as Tensor;
    rows.push(...(data as Float32Array).slice(-dims.at(-1)!));
  }
  await session.release();
  return rows;
}

function feedsOf(session: InferenceSession, text: string, tokenizer: Tokenizer): Record<string, Tensor> {
  const ids = tokenizer.encode(text);
  const isDecoder = session.inputNames.includes("position_ids");
  const { inputIds, tokenTypeIds } = isDecoder
    ? { inputIds: ids, tokenTypeIds: [] }
    : tokenizer.assemble(ids, undefined, 32);
  const feeds: Record<string, Tensor> = {
    input_ids: integers(inputIds),
    attention_mask: integers(inputIds.map(() => 1)),
  };
  if (isDecoder) feeds.position_ids = integers(inputIds.map((_, place) => place));
  if (session.inputNames.includes("token_type_ids")) feeds.token_type_ids = integers(tokenTypeIds);
  for (const input of session.inputMetadata) {
    if (!input.isTensor || !input.name.startsWith("past_key_values")) continue;
    const [, heads, , size] = input.shape as number[];
    feeds[input.name] = new Tensor("float32", new Float32Array(0), [1, heads!, 0, size!]);
  }
  return feeds;
}
