import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bops } from "@blora/bops";
import { builtinModelFolder } from "@blora/builtin";
import { onnx } from "@blora/engine-onnx";
import { lora } from "@blora/lora";
import { debertaV2 } from "@blora/model-deberta-v2";
import { qwen2 } from "@blora/model-qwen2";
import { openNetwork } from "@blora/network";
import type { Tokenizer } from "@blora/spec";
import { tokens } from "@blora/task-tokens";
import { normalValues, sizeOf } from "@blora/tensor";
import { loadTokenizer } from "@blora/tokenizer";
import { evaluate } from "@blora/trainer";
import { openCheckpoint } from "@blora/weights";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLoadedModel, type LoadedModel, loadModel } from "../src/index.ts";
import { writeBuiltinAdapter } from "./builtin-adapter.ts";
import { numberedWords, writeLanguageModel } from "./language-model.ts";

/** All begin an entity, so that every word is one of its own. */
const labels = ["O", "B-THING", "B-PLACE"];
const sentences = [
  ["The", "river", "runs", "to", "Hamburg", "."],
  ["Nobody", "answered"],
  ["A", "supercalifragilistic", "idea", "from", "New York", ",", "as", "they", "say", "there", "every", "day", "now"],
];
let folder: string;
let model: LoadedModel;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "blora-tag-"));
  await writeBuiltinAdapter(join(folder, "tags"), { rank: 4, seed: 1, head: { kind: "token-classification", labels } });
  await writeBuiltinAdapter(join(folder, "texts"), { rank: 4, seed: 1, head: { kind: "classification", labels } });
  await writeFile(
    join(folder, "new.conll"),
    sentences.map((words) => words.map((word) => `${word}\tO\n`).join("")).join("\n"),
  );
  model = await loadModel({
    model: builtinModelFolder(),
    architecture: debertaV2(),
    engine: onnx({ threads: 1 }),
    tokenizer: loadTokenizer,
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Logits of every word, as the trainer's evaluation computes them. */
async function evaluated(): Promise<readonly Float32Array[]> {
  const { splits } = await evaluate({
    architecture: debertaV2(),
    method: lora({ rank: 4 }),
    task: tokens({ labels, scheme: "IOB2", words: 1, tags: 2 }),
    costModel: bops(),
    engine: onnx({ threads: 1 }),
    tokenizer: await loadTokenizer(builtinModelFolder()),
    checkpoint: openCheckpoint(builtinModelFolder()),
    model: "builtin",
    adapterDirectory: join(folder, "tags"),
    data: join(folder, "new.conll"),
    splits: ["new.conll"],
  });
  const { logits, words } = splits["new.conll"]!;
  expect(words).toEqual(sentences.map((sentence) => [...sentence.keys()]));
  return Array.from({ length: logits.length / 3 }, (_, word) => logits.subarray(3 * word, 3 * word + 3));
}

describe("tag", () => {
  it("gives each word the tag that the trainer's evaluation does, in its place", async () => {
    const tagger = await model.loadAdapter(join(folder, "tags"));
    const found = await tagger.tag(sentences);
    const all = await evaluated();
    let next = 0;
    const expected = sentences.map((words) => {
      let start = 0;
      return words.flatMap((text) => {
        const logits = all[next++]!;
        const best = logits.indexOf(Math.max(...logits));
        const end = start + text.length;
        const span = { tag: labels[best]!.slice(2), text, start, end };
        start = end + 1;
        const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
        return best === 0 ? [] : [{ ...span, score: expect.closeTo(Math.exp(logits[best]!) / total, 5) }];
      });
    });
    expect(new Set(expected.flat().map(({ tag }) => tag)).size).toBe(2);
    expect(found).toEqual(expected);
  });

  it("reads a text as its words, and cuts one that is too long", async () => {
    const tagger = await model.loadAdapter(join(folder, "tags"));
    const text = "The river  runs to Hamburg.";
    const [found, ofWords] = await tagger.tag([text, sentences[0]!]);
    expect(found!.length).toBeGreaterThan(0);
    expect(found).toEqual(
      ofWords!.map(({ tag, text: word, score }) => {
        const start = text.indexOf(word);
        return { tag, text: word, score: expect.closeTo(score, 5), start, end: start + word.length };
      }),
    );
    const long = Array.from({ length: 60 }, () => sentences[0]!).flat();
    const [cut] = await tagger.tag([long]);
    // The adapter reads 128 tokens, two of which frame the text.
    expect(cut!.length).toBeGreaterThan(1);
    expect(long.join(" ").slice(0, cut!.at(-1)!.end).split(" ").length).toBeLessThanOrEqual(126);
  });

  it("is for adapters that tag words, and they for nothing else", async () => {
    const tagger = await model.loadAdapter(join(folder, "tags"));
    const classifier = await model.loadAdapter(join(folder, "texts"));
    await expect(tagger.classify(["a"])).rejects.toThrow(
      "classify does not go with an adapter whose head is token-classification. Use tag.",
    );
    await expect(tagger.tag("a b" as unknown as string[])).rejects.toThrow(
      'Expected a list of texts, or of lists of words, found "a b".',
    );
    await expect(tagger.tag([["a", 1]] as unknown as string[])).rejects.toThrow('found ["a",1] at 0.');
    await expect(classifier.tag(["a"])).rejects.toThrow(
      "tag does not go with an adapter whose head is classification. Use classify.",
    );
    const [logits] = await tagger.logits(["Nobody answered"]);
    expect(logits!.length % 3).toBe(0);
    expect((await classifier.logits(["Nobody answered"]))[0]).toHaveLength(3);
  });

  it("gives nothing for a text without words", async () => {
    const tagger = await model.loadAdapter(join(folder, "tags"));
    expect(await tagger.tag(["", []])).toEqual([[], []]);
  });
});

it("tags every word of a language model's text by its own state, whatever special tokens its tokenizer puts around", async () => {
  const network = openNetwork(qwen2(), openCheckpoint(writeLanguageModel()), "tiny");
  const head = { kind: "token-classification", labels } as const;
  const heads = network.architecture.parameters(network.config, head).filter(({ role }) => role === "head");
  const headTensors = Object.fromEntries(
    heads.map(({ name, shape }) => [
      name,
      { shape, values: normalValues({ seed: 1, step: 0, path: name }, sizeOf(shape), 1) },
    ]),
  );
  const words = Array.from({ length: 12 }, (_, index) => `word${20 + 7 * index}`);
  for (const before of [[], [1], [1, 3]]) {
    const tokenizer: Tokenizer = {
      ...numberedWords,
      assemble: (first) => {
        const inputIds = [...before, ...first];
        return { inputIds, tokenTypeIds: inputIds.map(() => 0), truncated: false };
      },
    };
    const loaded = createLoadedModel({ network, tokenizer, engine: onnx({ threads: 1 }) });
    const tagger = loaded.useAdapter({ updates: new Map(), headTensors, head, maxSeqLength: 64 });
    const [logits] = await tagger.logits([words.join(" ")]);
    const expected = words.flatMap((text, word) => {
      const own = logits!.subarray(3 * (before.length + word), 3 * (before.length + word) + 3);
      const best = own.indexOf(Math.max(...own));
      const total = own.reduce((sum, logit) => sum + Math.exp(logit - own[best]!), 0);
      return best === 0 ? [] : [{ text, tag: labels[best]!.slice(2), score: expect.closeTo(1 / total, 5) }];
    });
    const [found] = await tagger.tag([words]);
    expect(found!.length).toBeGreaterThan(1);
    expect(found!.map(({ text, tag, score }) => ({ text, tag, score }))).toEqual(expected);
    await loaded.release();
  }
});
