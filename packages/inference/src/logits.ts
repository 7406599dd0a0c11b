import {
  batchOf,
  createNetworkRunner,
  type NetworkRunner,
  type NetworkStep,
  type OpenNetwork,
  type TokenShape,
  tokenFeeds,
  tokenInputs,
} from "@blora/network";
import { type AssembledTokens, encodeTexts } from "@blora/spec";
import { isText, requireInputs } from "./require-inputs.ts";
import type { Runtime } from "./runtime.ts";

/** A text, or a pair of texts. */
export type TextInput = string | readonly [first: string, second: string];

/** Rows of one forward pass at most. */
const LARGEST_BATCH = 32;
const LENGTH_MULTIPLE = 16;

const isTextOrPair = (value: unknown): boolean =>
  isText(value) || (Array.isArray(value) && value.length === 2 && value.every(isText));

/** The tokens of every text. */
export function rowsOf(runtime: Runtime, network: OpenNetwork, inputs: readonly TextInput[]): AssembledTokens[] {
  requireInputs(inputs, isTextOrPair, "texts, or of pairs of texts");
  return inputs.map((input) => encode(runtime, network, input));
}

/** Logits of every row, [C] or where tokens are classified [T, C]: sorted by length, cut into batches, and put back in order. */
export async function rowLogits(
  runtime: Runtime,
  network: OpenNetwork,
  rows: readonly AssembledTokens[],
): Promise<Float32Array[]> {
  const order = [...rows.keys()].sort((a, b) => rows[a]!.inputIds.length - rows[b]!.inputIds.length);
  const logits: Float32Array[] = Array.from({ length: rows.length });
  const runner = createNetworkRunner(runtime.steps, network);
  for (let start = 0; start < order.length; start += LARGEST_BATCH) {
    const members = order.slice(start, start + LARGEST_BATCH);
    const batch = await runBatch(
      runner,
      network,
      runtime.tokenizer.special.pad,
      members.map((row) => ({ ...rows[row]!, text: row + 1 })),
    );
    members.forEach((row, b) => {
      logits[row] = batch[b]!;
    });
  }
  return logits;
}

function encode({ tokenizer }: Runtime, { maxLength, maxSeqLength }: OpenNetwork, input: TextInput): AssembledTokens {
  const [first, second] = typeof input === "string" ? [input, undefined] : input;
  const texts = { first, ...(second !== undefined && { second }) };
  return encodeTexts(tokenizer, texts, Math.min(maxLength, maxSeqLength));
}

/** Pads to few distinct shapes, because each is compiled once: B to a power of two, T to a multiple. */
async function runBatch(
  runner: NetworkRunner,
  network: OpenNetwork,
  padId: number,
  rows: readonly (AssembledTokens & { readonly text: number })[],
): Promise<Float32Array[]> {
  const B = 2 ** Math.ceil(Math.log2(rows.length));
  const longest = Math.max(...rows.map(({ inputIds }) => inputIds.length));
  const T = Math.min(Math.ceil(longest / LENGTH_MULTIPLE) * LENGTH_MULTIPLE, network.maxLength);
  const shape: TokenShape = { batchSize: B, length: T, packed: false };
  const feeds = tokenFeeds(rows, shape, padId);
  const textAt = (index: number, { length }: Float32Array): string =>
    `text ${rows[Math.floor((index * B) / length)]!.text}`;
  const { logits } = await runner.run(`classify ${B}x${T}`, () => classifyStep(network, shape), feeds, textAt);
  const C = logits!.length / B;
  const { head } = network;
  const sizeOf = ({ inputIds }: AssembledTokens): number =>
    head.kind === "token-classification" ? inputIds.length * head.labels.length : C;
  return rows.map((row, b) => logits!.slice(b * C, b * C + sizeOf(row)));
}

function classifyStep({ architecture }: OpenNetwork, shape: TokenShape): NetworkStep {
  return {
    name: `classify ${shape.batchSize}x${shape.length}`,
    inputs: tokenInputs(shape),
    compute: (network, input) => ({ logits: architecture.forward({ ...network, batch: batchOf(input) }) }),
  };
}
