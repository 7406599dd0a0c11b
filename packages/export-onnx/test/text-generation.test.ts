import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { qwen2 } from "@blora/model-qwen2";
import { openNetwork } from "@blora/network";
import { useCpuBackend } from "@blora/testing";
import { openCheckpoint } from "@blora/weights";
import { AutoModelForCausalLM, env, pipeline, Tensor, type TextGenerationPipeline } from "@huggingface/transformers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportOnnx } from "../src/index.ts";
import { drawnAdapter } from "./models.ts";
import { readReference } from "./reference.ts";

useCpuBackend();

let models: string;
beforeAll(async () => {
  models = await mkdtemp(join(tmpdir(), "blora-generation-"));
  env.localModelPath = models;
  env.allowRemoteModels = false;
});
afterAll(() => rm(models, { recursive: true, force: true }));

/** A tokenizer of 67 words, `w0` to `w66`, parted by spaces: as many as the model has. */
async function writeTokenizer(folder: string): Promise<void> {
  const vocab = Object.fromEntries(Array.from({ length: 67 }, (_, id) => [id === 1 ? "<end>" : `w${id}`, id]));
  const end = {
    id: 1,
    content: "<end>",
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  };
  const tokenizer = {
    version: "1.0",
    added_tokens: [end],
    normalizer: null,
    pre_tokenizer: { type: "WhitespaceSplit" },
    post_processor: null,
    decoder: null,
    model: { type: "WordPiece", unk_token: "w0", continuing_subword_prefix: "##", max_input_chars_per_word: 10, vocab },
  };
  await writeFile(join(folder, "tokenizer.json"), JSON.stringify(tokenizer));
  const config = {
    tokenizer_class: "PreTrainedTokenizerFast",
    eos_token: "<end>",
    pad_token: "<end>",
    model_max_length: 64,
  };
  await writeFile(join(folder, "tokenizer_config.json"), JSON.stringify(config));
}

describe("transformers.js", () => {
  it("writes the same words with and without a cache through the pipeline", async () => {
    const { network } = readReference(qwen2(), "causal/qwen2.5");
    const adapter = drawnAdapter(network, { kind: "language-model" });
    const out = join(models, "qwen2.5");
    await exportOnnx({ network, adapter, out });
    await writeTokenizer(out);
    const pipe = (await pipeline("text-generation", "qwen2.5", { dtype: "fp32" })) as TextGenerationPipeline;
    const prompt = "w5 w17 w3 w42 w8";
    const [result] = (await pipe(prompt, { max_new_tokens: 12, do_sample: false })) as { generated_text: string }[];
    const written = result!.generated_text.match(/w\d+/g)!.map((word) => Number(word.slice(1)));
    expect(written.length).toBe(17);
    // Without a cache: the likeliest word after each beginning, from the model's logits of the whole text.
    const ids = new Tensor("int64", BigInt64Array.from(written, BigInt), [1, written.length]);
    const mask = new Tensor("int64", new BigInt64Array(written.length).fill(1n), [1, written.length]);
    const { logits } = await pipe.model({ input_ids: ids, attention_mask: mask });
    const rows = logits.tolist()[0] as number[][];
    const likeliest = rows.slice(4, -1).map((row) => row.indexOf(Math.max(...row)));
    expect(written.slice(5)).toEqual(likeliest);
  });
});

const data = process.env.BLORA_DATA;

describe.skipIf(!data)("stories260K", () => {
  it.each(["float32", "int8", "int4"] as const)("begins its golden story, weights %s", async (weights) => {
    const folder = join(data!, "models/stories260K");
    const golden = JSON.parse(await readFile(join(folder, "golden.json"), "utf8"));
    const network = openNetwork(qwen2(), openCheckpoint(join(folder, "qwen2-layout")), "stories260K");
    const adapter = {
      updates: new Map(),
      headTensors: {},
      head: { kind: "language-model" },
      maxSeqLength: 512,
    } as const;
    const name = `stories-${weights}`;
    const { dtype } = await exportOnnx({ network, adapter, out: join(models, name), weights });
    const model = await AutoModelForCausalLM.from_pretrained(name, { dtype: dtype as "fp32" });
    const count = { float32: 200, int8: 20, int4: 5 }[weights];
    const inputs = new Tensor("int64", [1n], [1, 1]);
    const ids = await model.generate({ inputs, max_new_tokens: count, do_sample: false });
    const found = (ids as Tensor).tolist()[0].map(Number);
    expect(found).toEqual(golden.greedy_from_bos_ids.slice(0, count + 1));
  });
});
