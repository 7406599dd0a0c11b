import { readFileSync } from "node:fs";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@blora/engine-onnx";
import type { CompiledStep, Tokenizer } from "@blora/spec";
import { frozenLinear, ops, softmaxCrossEntropy } from "@blora/tensor";
import { expectAllClose } from "@blora/testing";
import { loadTokenizer } from "@blora/tokenizer";
import { openCheckpoint } from "@blora/weights";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { qwen2 } from "../src/index.ts";

const data = process.env.BLORA_DATA;
const folder = join(data ?? "", "models/stories260K");

interface Golden {
  readonly greedy_from_bos_ids: readonly number[];
  readonly greedy_text: string;
  readonly prompt: string;
  readonly prompt_ids: readonly number[];
  readonly prompt_last_logits: readonly number[];
  readonly prompt_mean_nll: number;
}

/** Logits of every position of a row, and the loss of each next token: a trained model with real words. */
describe.skipIf(!data)("stories260K", () => {
  const T = 201;
  const engine = onnx({ threads: 1 });
  let golden: Golden;
  let tokenizer: Tokenizer;
  let step: CompiledStep;
  let tokenizerFolder: string;

  beforeAll(async () => {
    golden = JSON.parse(readFileSync(join(folder, "golden.json"), "utf8"));
    tokenizerFolder = await mkdtemp(join(tmpdir(), "blora-stories-"));
    await copyFile(join(folder, "tok512.model"), join(tokenizerFolder, "tokenizer.model"));
    tokenizer = await loadTokenizer(tokenizerFolder);
    const checkpoint = openCheckpoint(join(folder, "qwen2-layout"));
    const architecture = qwen2();
    const config = architecture.parseConfig(checkpoint.config);
    const head = { kind: "language-model" } as const;
    const names = architecture.parameters(config, head).map(({ name }) => name);
    step = await engine.compile({
      name: "stories260K",
      mode: "eval",
      inputs: {
        inputIds: { shape: [1, T], dtype: "int32" },
        attentionMask: { shape: [1, T], dtype: "float32" },
        positions: { shape: [T], dtype: "int32" },
        targets: { shape: [T], dtype: "int32" },
      },
      trainable: {},
      frozen: new Map(names.map((name) => [name, checkpoint.frozen(name)])),
      compute({ input, frozen, context }) {
        const { inputIds, attentionMask, positions, targets } = input;
        const logits = architecture.forward({
          config,
          head,
          context,
          lookup: frozen,
          batch: { inputIds: inputIds!, attentionMask: attentionMask!, positions: positions! },
          linear: (path, x) => {
            const bias = names.includes(`${path}.bias`) ? frozen(`${path}.bias`) : undefined;
            return frozenLinear(x, frozen(`${path}.weight`), bias);
          },
        });
        const rows = ops.cast(ops.oneHot(targets!, config.vocabularySize), "float32");
        return { outputs: { logits, losses: softmaxCrossEntropy(logits, rows) } };
      },
    });
  });
  afterAll(async () => {
    await engine.release();
    await rm(tokenizerFolder, { recursive: true });
  });

  const run = async (ids: readonly number[]) => {
    const padded = Int32Array.from({ length: T }, (_, index) => ids[index] ?? 0);
    const { outputs } = await step.run(
      {
        inputIds: padded,
        attentionMask: Float32Array.from({ length: T }, (_, index) => (index < ids.length ? 1 : 0)),
        positions: Int32Array.from({ length: T }, (_, index) => index),
        targets: Int32Array.from({ length: T }, (_, index) => ids[index + 1] ?? 0),
      },
      {},
      { seed: 0, step: 0 },
    );
    const V = outputs.logits!.length / T;
    return {
      losses: outputs.losses!,
      logitsAt: (place: number) => outputs.logits!.slice(place * V, (place + 1) * V),
    };
  };

  it("gives the golden logits and mean negative log-likelihood of the prompt", async () => {
    const ids = [tokenizer.special.bos!, ...tokenizer.encode(golden.prompt)];
    expect(ids).toEqual(golden.prompt_ids);
    const { losses, logitsAt } = await run(ids);
    expectAllClose(logitsAt(ids.length - 1), golden.prompt_last_logits, { absolute: 1e-4 });
    const predicted = Array.from(losses.slice(0, ids.length - 1));
    const mean = predicted.reduce((sum, loss) => sum + loss, 0) / predicted.length;
    expect(mean).toBeCloseTo(golden.prompt_mean_nll, 5);
  });

  it("writes the golden text, word by word the likeliest", async () => {
    const { logitsAt } = await run(golden.greedy_from_bos_ids);
    const ids = golden.greedy_from_bos_ids;
    const likeliest = ids.slice(1).map((_, place) => {
      const logits = logitsAt(place);
      return logits.indexOf(Math.max(...logits));
    });
    expect(likeliest).toEqual(ids.slice(1));
    expect(tokenizer.decode(ids)).toBe(golden.greedy_text);
  });
});
