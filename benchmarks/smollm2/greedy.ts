/**
 * Greedy text of SmolLM2 over 20 prompts, ours and transformers' on the same weights: whether ids and text are equal,
 * and where they part. One line a prompt; prompts that have one are not repeated.
 *
 *   npx tsx benchmarks/smollm2/greedy.ts --model <folder> --python <interpreter> --threads 1
 */
import { parseArgs } from "node:util";
import { onnx } from "@blora/engine-onnx";
import { generateTokens, loadModel } from "@blora/inference";
import { loadTokenizer } from "@blora/tokenizer";
import { architectureOf } from "../models/architecture-of.ts";
import { startPeer } from "../peers/python-peer.ts";
import { PROMPTS } from "./prompts.ts";
import { appendRecord, isMeasured } from "./records.ts";

interface TheirText {
  readonly prompt: readonly number[];
  readonly ids: readonly number[];
  readonly text: string;
  /** By how much the likeliest token's logit is above the next, at every place. */
  readonly margins: readonly number[];
}

export interface GreedyResult {
  readonly tokens: number;
  readonly sameText: boolean;
  readonly smallestMargin: number;
  /** First token that differs, and how close its race was; absent where all are equal. */
  readonly partsAt?: number;
  readonly marginThere?: number;
}

const { values } = parseArgs({
  options: {
    model: { type: "string" },
    python: { type: "string" },
    threads: { type: "string", default: "2" },
    tokens: { type: "string", default: "200" },
  },
});
const { model: folder, python } = values;
if (folder === undefined || python === undefined) throw new Error("expected --model <folder> --python <interpreter>");
const [threads, tokens] = [Number(values.threads), Number(values.tokens)];

const tokenizer = await loadTokenizer(folder);
const engine = onnx({ threads });
const model = await loadModel({ model: folder, architecture: architectureOf(folder), engine, tokenizer });
const writer = model.withoutAdapter({ kind: "language-model" });
const peer = await startPeer(python, "../smollm2/greedy.py", threads);

for (const [index, prompt] of PROMPTS.entries()) {
  const key = String(index + 1);
  if (isMeasured("greedy", key)) continue;
  const text = typeof prompt === "string" ? prompt : tokenizer.applyChatTemplate!(prompt, true);
  const ids = tokenizer.encode(text);
  const ours: number[] = [];
  for await (const id of generateTokens(writer.openReader(), ids, { maxNewTokens: tokens, stopIds: [] })) ours.push(id);
  const theirs = (await peer.ask({ model: folder, prompt, tokens })) as unknown as TheirText;
  if (String(theirs.prompt) !== String(ids)) throw new Error(`prompt ${key}: the tokenizers differ`);
  const parts = ours.findIndex((id, place) => id !== theirs.ids[place]);
  const result: GreedyResult = {
    tokens: ours.length,
    sameText: tokenizer.decode(ours) === theirs.text,
    smallestMargin: Math.min(...theirs.margins),
    ...(parts >= 0 && { partsAt: parts + 1, marginThere: theirs.margins[parts]! }),
  };
  console.log(key, JSON.stringify(result));
  appendRecord("greedy", key, { ...result, versions: peer.versions });
}
peer.close();
await model.release();
await engine.release();
