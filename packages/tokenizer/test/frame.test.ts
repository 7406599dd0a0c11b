import { describe, expect, test } from "vitest";
import { createLanguageModelAssemble } from "../src/assemble.ts";
import { languageModelFrame } from "../src/frame.ts";
import { readFrame } from "../src/post-processor.ts";

const special = { pad: 9, bos: 1, eos: 2 };
const text = (id: "A" | "B", type_id: number) => ({ Sequence: { id, type_id } });
const bos = (type_id: number) => ({ SpecialToken: { id: "<s>", type_id } });
/** As Llama's `tokenizer.json` has it. */
const template = {
  type: "TemplateProcessing",
  single: [bos(0), text("A", 0)],
  pair: [bos(0), text("A", 0), bos(1), text("B", 1)],
  special_tokens: { "<s>": { id: "<s>", ids: [1], tokens: ["<s>"] } },
};
const byteLevel = { type: "ByteLevel", add_prefix_space: true };

describe("texts of a language model", () => {
  // What the Rust tokenizers give for these templates.
  test.each([
    ["alone", template],
    ["in a sequence", { type: "Sequence", processors: [byteLevel, template] }],
  ])("stand in the template of their tokenizer.json, %s", (_, post_processor) => {
    const assemble = createLanguageModelAssemble(readFrame({ post_processor }, "tokenizer.json")!, special);
    expect(assemble([5, 6], undefined, 8)).toEqual({ inputIds: [1, 5, 6], tokenTypeIds: [0, 0, 0], truncated: false });
    expect(assemble([5, 6], [7, 8], 8)).toEqual({
      inputIds: [1, 5, 6, 1, 7, 8],
      tokenTypeIds: [0, 0, 0, 1, 1, 1],
      truncated: false,
    });
    expect(assemble([5, 6, 7], [7, 8], 5)).toEqual({
      inputIds: [1, 5, 6, 1, 7],
      tokenTypeIds: [0, 0, 0, 1, 1],
      truncated: true,
    });
    expect(assemble([], undefined, 8).inputIds).toEqual([1]);
    expect(() => assemble([5], [7], 3)).toThrow("at least 4 tokens for two texts, found 3");
  });

  test.each([[null], [undefined], [byteLevel]])("have no frame where there is no template: %j", (post_processor) => {
    expect(readFrame({ post_processor }, "tokenizer.json")).toBeUndefined();
  });

  test("follow each other where nothing is said, each after the first token where the configuration asks for it", () => {
    const plain = createLanguageModelAssemble(languageModelFrame(special, { add_bos_token: false }), special);
    expect(plain([5, 6], undefined, 8).inputIds).toEqual([5, 6]);
    expect(plain([5, 6], [7], 8)).toEqual({ inputIds: [5, 6, 7], tokenTypeIds: [0, 0, 1], truncated: false });
    expect(plain([5, 6, 7], undefined, 2)).toEqual({ inputIds: [5, 6], tokenTypeIds: [0, 0], truncated: true });
    const begun = createLanguageModelAssemble(languageModelFrame(special, { add_bos_token: true }), special);
    expect(begun([5, 6], [7], 8)).toEqual({
      inputIds: [1, 5, 6, 1, 7],
      tokenTypeIds: [0, 0, 0, 1, 1],
      truncated: false,
    });
    const noFirst = languageModelFrame({}, { add_bos_token: true });
    expect(createLanguageModelAssemble(noFirst, special)([5], undefined, 8).inputIds).toEqual([5]);
  });

  test("that give no token are the end of text", () => {
    const frame = languageModelFrame(special, {});
    expect(createLanguageModelAssemble(frame, special)([], undefined, 8).inputIds).toEqual([2]);
    expect(createLanguageModelAssemble(frame, { pad: 9 })([], [], 8).inputIds).toEqual([9]);
  });

  test.each([
    ["no text", { ...template, single: [bos(0)] }, 'a template "single" with the first text once'],
    [
      "one text twice",
      { ...template, pair: [text("A", 0), text("A", 1)] },
      'a template "pair" with the first and the second',
    ],
    [
      "a token of no id",
      { ...template, special_tokens: {} },
      'expected the ids of "<s>" in special_tokens, found undefined',
    ],
  ])("are refused a template with %s, by file and key", (_, post_processor, expected) => {
    expect(() => readFrame({ post_processor }, "m/tokenizer.json")).toThrow(
      `m/tokenizer.json: post_processor: expected`,
    );
    expect(() => readFrame({ post_processor }, "m/tokenizer.json")).toThrow(expected);
  });
});
