import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { namedPairForm } from "../src/frame.ts";
import { loadTokenizer } from "../src/index.ts";
import { processedPairForm } from "../src/post-processor.ts";

const token = (id: string, type_id = 0) => ({ SpecialToken: { id, type_id } });
const text = (id: string, type_id = 0) => ({ Sequence: { id, type_id } });
const template = (...pair: readonly object[]) => ({
  type: "TemplateProcessing",
  single: pair.slice(0, 3),
  pair,
  special_tokens: {},
});
const BERT = template(token("[CLS]"), text("A"), token("[SEP]"), text("B", 1), token("[SEP]", 1));
const XLM_ROBERTA = template(token("<s>"), text("A"), token("</s>"), token("</s>"), text("B"), token("</s>"));

describe("a post-processor", () => {
  test.each<[string, unknown, ReturnType<typeof processedPairForm>]>([
    ["of BERT", { type: "BertProcessing", sep: ["[SEP]", 2], cls: ["[CLS]", 1] }, { separators: 1, secondType: 1 }],
    ["of RoBERTa", { type: "RobertaProcessing", sep: ["</s>", 2], cls: ["<s>", 0] }, { separators: 2, secondType: 0 }],
    ["as a template of BERT", BERT, { separators: 1, secondType: 1 }],
    ["as a template of XLM-RoBERTa", XLM_ROBERTA, { separators: 2, secondType: 0 }],
    [
      "as a template of MPNet, whose second text has a type",
      template(token("<s>"), text("A"), token("</s>"), token("</s>"), text("B", 1), token("</s>", 1)),
      { separators: 2, secondType: 1 },
    ],
    [
      "in a sequence",
      { type: "Sequence", processors: [{ type: "ByteLevel" }, XLM_ROBERTA] },
      { separators: 2, secondType: 0 },
    ],
    ["of a language model", template(token("<s>"), text("A"), token("<s>", 1), text("B", 1)), undefined],
    ["that ends a text without beginning it", template(text("A"), token("</s>"), text("B"), token("</s>")), undefined],
    [
      "with three separators",
      template(...[token("c"), text("A"), token("s"), token("s"), token("s"), text("B"), token("s")]),
      undefined,
    ],
    ["of bytes alone", { type: "ByteLevel", trim_offsets: true }, undefined],
    ["without pieces", { type: "TemplateProcessing" }, undefined],
    ["that is none", null, undefined],
  ])("%s", (_, processor, expected) => {
    expect(processedPairForm(processor)).toEqual(expected);
  });
});

test.each([
  ["RobertaTokenizer", "roberta", 2],
  ["XLMRobertaTokenizerFast", undefined, 2],
  [undefined, "xlm-roberta", 2],
  ["PreTrainedTokenizerFast", "camembert", 2],
  ["BertTokenizer", "bert", 1],
  ["PreTrainedTokenizerFast", "modernbert", 1],
  [undefined, undefined, 1],
])("without one the names %s and %s say how many separators: %s", (tokenizerClass, modelType, separators) => {
  expect(namedPairForm(tokenizerClass, modelType)).toEqual({ separators, secondType: separators === 2 ? 0 : 1 });
});

describe("a folder", () => {
  const SPECIAL = ["<pad>", "<s>", "</s>", "<unk>"];
  const added = SPECIAL.map((content, id) => ({
    ...{ id, content, special: true, normalized: false, lstrip: false, rstrip: false, single_word: false },
  }));
  const files = (post_processor: unknown) => ({
    version: "1.0",
    added_tokens: added,
    ...{ normalizer: null, pre_tokenizer: { type: "Whitespace" }, post_processor, decoder: null },
    model: {
      type: "WordLevel",
      vocab: { "<pad>": 0, "<s>": 1, "</s>": 2, "<unk>": 3, a: 4, b: 5 },
      unk_token: "<unk>",
    },
  });

  test.each<[string, unknown, readonly number[]]>([
    ["its post-processor, whatever the names", XLM_ROBERTA, [1, 4, 2, 2, 5, 2]],
    ["its names, where it has none", null, [1, 4, 2, 5, 2]],
  ])("puts two texts together as %s says", async (_, processor, expected) => {
    const folder = await mkdtemp(join(tmpdir(), "blora-pairs-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, "tokenizer.json"), JSON.stringify(files(processor)));
    const config = {
      tokenizer_class: "PreTrainedTokenizerFast",
      cls_token: "<s>",
      sep_token: "</s>",
      pad_token: "<pad>",
      unk_token: "<unk>",
    };
    await writeFile(join(folder, "tokenizer_config.json"), JSON.stringify(config));
    const tokenizer = await loadTokenizer(folder);
    const { inputIds, tokenTypeIds } = tokenizer.assemble(tokenizer.encode("a"), tokenizer.encode("b"), 16);
    expect(inputIds).toEqual(expected);
    expect(tokenTypeIds.at(-1)).toBe(processor === null ? 1 : 0);
  });
});
