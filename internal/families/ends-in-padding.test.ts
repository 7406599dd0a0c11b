import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@blora/engine-onnx";
import { type AdaptedModel, loadModel } from "@blora/inference";
import { expectAllClose } from "@blora/testing";
import { loadTokenizer } from "@blora/tokenizer";
import { afterAll, expect, test } from "vitest";
import { adapterOf, exportRun, mergeRun, predictRows, trainRun } from "./commands.ts";
import { writeData } from "./data.ts";
import { DECODERS, METHODS } from "./family.ts";
import { graphLogits, logitsOf } from "./logits.ts";

const folder = mkdtempSync(join(realpathSync(tmpdir()), "blora-padding-"));
const engine = onnx({ threads: 1 });
afterAll(async () => {
  await engine.release();
  rmSync(folder, { recursive: true, force: true });
});

const TEXTS = ["the boat is old", "a lamp"];
/** What the tokenizer of the model pads with. */
const [PAD, PAD_ID] = ["<|endoftext|>", 257];
const CLOSE = { absolute: 1e-5, relative: 0 } as const;
const { architecture, write } = DECODERS.find(({ name }) => name === "qwen2")!;

/** As classifiers of transformers, which read the last token that is not `pad_token_id`. */
test.each([
  ["names no padding", undefined],
  ["names another padding than the tokenizer", 3],
])("a classifier on a decoder that %s reads the last token before padding in every form", async (_, pad) => {
  const [model, data, out, merged] = ["model", "data", "run", "merged"].map((name) =>
    join(folder, `${name}-${pad}`),
  ) as [string, string, string, string];
  write(model);
  const config = JSON.parse(readFileSync(join(model, "config.json"), "utf8"));
  writeFileSync(join(model, "config.json"), JSON.stringify({ ...config, pad_token_id: pad }));
  writeData(data, "texts");
  await trainRun({ model, data, out, method: METHODS[0]!, task: "classify" });

  const tokenizer = await loadTokenizer(model);
  expect(tokenizer.encode(`a${PAD}`).at(-1)).toBe(PAD_ID);
  const padded = TEXTS.map((text) => text + PAD);
  const open = await loadModel({ model, architecture, engine, tokenizer });
  const adapted = await open.loadAdapter(adapterOf(out));
  const expected = await logitsOf(adapted, tokenizer, TEXTS);
  const agree = async (other: AdaptedModel) => {
    expectAllClose(await logitsOf(other, tokenizer, TEXTS), expected, CLOSE);
    expectAllClose(await logitsOf(other, tokenizer, padded), expected, CLOSE);
  };
  await agree(adapted);

  expect((await mergeRun(out, merged)).largestDifference).toBeLessThan(CLOSE.absolute);
  expect(JSON.parse(readFileSync(join(merged, "config.json"), "utf8")).pad_token_id).toBe(PAD_ID);
  const alone = await loadModel({ model: merged, architecture, engine, tokenizer });
  await agree(alone.withoutAdapter(adapted.head));
  const graph = join(folder, `graph-${pad}`);
  const { summary } = await exportRun(out, graph);
  expectAllClose(await graphLogits(join(graph, summary.file), tokenizer, padded), expected, CLOSE);

  const rows = (texts: readonly string[]) => {
    const lines = texts.map((text) => `${JSON.stringify({ text, label: "old" })}\n`);
    writeFileSync(join(data, "validation.jsonl"), lines.join(""));
    return predictRows(out, data);
  };
  const [answers, same] = [await rows(TEXTS), await rows(padded)];
  expect(same.map((row) => row.slice(1))).toEqual(answers.map((row) => row.slice(1)));
  await open.release();
  await alone.release();
});
