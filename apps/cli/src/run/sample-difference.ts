import { batchOf, compileNetworkStep, type OpenNetwork } from "@blora/network";
import type { Engine, Tokenizer } from "@blora/spec";
import { randomWords } from "@blora/tensor";

/** Texts whose logits tell two networks apart. */
const SAMPLE = [
  "The committee postponed its decision until the figures had been checked.",
  "Rain is expected along the coast, clearing towards the evening.",
  "She closed the book, because the ending was not the one she had hoped for.",
  "Prices rose by three percent, although most economists had predicted a fall.",
  "No tickets are left.",
  "It is, without doubt, the best soup in town!",
] as const;
const LONGEST = 64;
/** Of texts of drawn tokens, for a model without a tokenizer. */
const DRAWN_LENGTH = 16;
const SEED = 0;

export interface SampleDifference {
  readonly texts: number;
  /** Whether these are drawn tokens, because the model has no tokenizer. */
  readonly areDrawn: boolean;
  /** Between a logit of one network and the same of the other. */
  readonly largestDifference: number;
  readonly largestLogit: number;
}

/**
 * How far the logits of two networks with one head are apart on a few texts, which are drawn tokens where there is no
 * tokenizer.
 */
export async function sampleDifference(
  engine: Engine,
  tokenizer: Tokenizer | undefined,
  first: OpenNetwork,
  second: OpenNetwork,
): Promise<SampleDifference> {
  const batch = sampleBatch(tokenizer, first);
  const one = await sampleLogits(engine, first, batch);
  const other = await sampleLogits(engine, second, batch);
  return {
    texts: SAMPLE.length,
    areDrawn: tokenizer === undefined,
    largestDifference: one.reduce((most, logit, index) => Math.max(most, Math.abs(logit - other[index]!)), 0),
    largestLogit: one.reduce((most, logit) => Math.max(most, Math.abs(logit)), 0),
  };
}

type SampleBatch = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly values: Int32Array | Float32Array }>
>;

function sampleBatch(tokenizer: Tokenizer | undefined, network: OpenNetwork): SampleBatch {
  const rows = SAMPLE.map((text, row) =>
    tokenizer === undefined ? drawnIds(row, network) : idsOf(text, tokenizer, Math.min(LONGEST, network.maxLength)),
  );
  const T = Math.max(...rows.map((ids) => ids.length));
  const shape = [rows.length, T];
  const padded = (of: (id: number) => number, rest: number) =>
    rows.flatMap((ids) => Array.from({ length: T }, (_, index) => (index < ids.length ? of(ids[index]!) : rest)));
  const last = rows.map((ids, row) => row * T + ids.length - 1);
  return {
    inputIds: { shape, values: Int32Array.from(padded((id) => id, tokenizer?.special.pad ?? 0)) },
    attentionMask: { shape, values: Float32Array.from(padded(() => 1, 0)) },
    tokenTypeIds: { shape, values: new Int32Array(rows.length * T) },
    ...(network.head.kind.endsWith("language-model") && {
      positions: { shape: [last.length], values: Int32Array.from(last) },
    }),
  };
}

function drawnIds(row: number, { vocabularySize = 1, maxLength }: OpenNetwork): readonly number[] {
  const words = randomWords({ seed: SEED, step: row, path: "sample" }, Math.min(DRAWN_LENGTH, maxLength));
  return Array.from(words, (word) => (word >>> 0) % vocabularySize);
}

/** A text as the model reads it: framed for BERT-like ones, from the first token on for causal ones. */
function idsOf(text: string, { special, encode, assemble }: Tokenizer, maxLength: number): readonly number[] {
  const ids = encode(text);
  if (special.cls !== undefined) return assemble(ids, undefined, maxLength).inputIds;
  return [...(special.bos === undefined ? [] : [special.bos]), ...ids].slice(0, maxLength);
}

async function sampleLogits(engine: Engine, network: OpenNetwork, batch: SampleBatch): Promise<Float32Array> {
  const step = await compileNetworkStep(engine, network, {
    name: "sample",
    inputs: Object.fromEntries(
      Object.entries(batch).map(([name, { shape, values }]) => [
        name,
        { shape, dtype: values instanceof Int32Array ? "int32" : "float32" },
      ]),
    ),
    compute: (inputs, input) => ({ logits: network.architecture.forward({ ...inputs, batch: batchOf(input) }) }),
  });
  try {
    const feeds = Object.fromEntries(Object.entries(batch).map(([name, { values }]) => [name, values]));
    return (await step.run(feeds)).logits!;
  } finally {
    await step.release();
  }
}
