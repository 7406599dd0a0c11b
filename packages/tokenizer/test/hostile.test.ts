import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeTinyQwen2 } from "../../../internal/tiny-models/tiny-qwen2.ts";
import { loadTokenizer } from "../src/index.ts";

const EXPONENTIAL = "(a+)+$";
const TEXT = `${"a".repeat(60)}!`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "blora-hostile-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The tokenizer of a model whose files somebody else wrote. */
function tokenizerWith(change: { template?: string; json?: object }) {
  writeTinyQwen2(folder);
  const rewrite = (name: string, parts: object): void => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, "utf8")) as object), ...parts }));
  };
  if (change.template !== undefined) rewrite("tokenizer_config.json", { chat_template: change.template });
  rewrite("tokenizer.json", change.json ?? {});
  return loadTokenizer(folder);
}

describe("a chat template of somebody else", () => {
  it.each([
    ["counts for ever", "{% for i in range(1000000000) %}{% endfor %}"],
    ["nests loops", `${"{% for i in range(30000) %}".repeat(4)}x${"{% endfor %}".repeat(4)}`],
    [
      "doubles a text",
      "{% set ns = namespace(x='ab') %}{% for i in range(200) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}",
    ],
    ["nests a macro in itself", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}"],
  ])("that %s ends with one error that names the folder", async (_, template) => {
    const tokenizer = await tokenizerWith({ template });
    const render = (): string => tokenizer.applyChatTemplate!([{ role: "user", content: "hi" }], true);
    expect(render).toThrow(
      new RegExp(`^The chat_template of ${folder} (?:takes longer than 1 s|refuses a conversation)`),
    );
  });

  it("that doubles a list ends with one error that names the folder", { timeout: 120_000 }, async () => {
    const template =
      "{% set ns = namespace(x=[1, 2]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x|length }}";
    const tokenizer = await tokenizerWith({ template });
    expect(() => tokenizer.applyChatTemplate!([{ role: "user", content: "hi" }], true)).toThrow(
      new RegExp(`^The chat_template of ${folder} (?:takes longer than 1 s|refuses a conversation)`),
    );
  });

  it("that is of some megabytes is refused before anything parses it, alone or under a name", async () => {
    const template = `{# ${"x".repeat(2 ** 23)} #}{{ messages[0].content }}`;
    const sentence = (length: number): string =>
      `Expected the chat_template of ${folder} to have at most 1048576 characters, found ${length}.`;
    const one = await tokenizerWith({ template });
    expect(one.encode("hi")).toHaveLength(2);
    expect(() => one.applyChatTemplate!([{ role: "user", content: "hi" }], true)).toThrow(sentence(template.length));
    writeFileSync(join(folder, "chat_template.jinja"), template);
    const file = await loadTokenizer(folder);
    expect(() => file.applyChatTemplate!([{ role: "user", content: "hi" }], true)).toThrow(sentence(template.length));
  });

  it("that makes a text of some hundred megabytes is refused before the text takes any memory", async () => {
    const template =
      "{% set ns = namespace(x='0123456789') %}{% for i in range(25) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}";
    const tokenizer = await tokenizerWith({ template });
    const before = process.memoryUsage().rss;
    expect(() => tokenizer.applyChatTemplate!([{ role: "user", content: "hi" }], true)).toThrow(
      `Expected a conversation by the chat_template of ${folder} to have at most 16777216 characters, found 335544320.`,
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20);
  });

  it.each(["{{ messages.constructor.constructor('return process')() }}", "{{ ''.__proto__.constructor }}"])(
    "reaches nothing outside itself: %s",
    async (template) => {
      const tokenizer = await tokenizerWith({ template });
      const outcome = (): string => {
        try {
          return tokenizer.applyChatTemplate!([{ role: "user", content: "hi" }], true);
        } catch (error) {
          return (error as Error).message.slice(0, 20);
        }
      };
      expect(["", "The chat_template of"]).toContain(outcome());
    },
  );
});

describe("a tokenizer.json of somebody else", () => {
  const model = (vocab: object): object => ({ type: "BPE", unk_token: null, vocab, merges: [] });

  it("with an id that no vocabulary reaches is refused before a list as long is made", async () => {
    await expect(tokenizerWith({ json: { model: model({ "<|im_end|>": 0, a: 3e9 }) } })).rejects.toThrow(
      `${join(folder, "tokenizer.json")}: expected an id from 0 to 4194303 for "a", found 3000000000`,
    );
  });

  it("whose parts are of other types is refused in our words", async () => {
    await expect(tokenizerWith({ json: { model: { ...model({ "<|im_end|>": 0 }), merges: [1] } } })).rejects.toThrow(
      `Cannot read the tokenizer in ${folder}: a part is missing or of another type`,
    );
  });

  it.each([
    [
      "normalizer",
      { type: "Replace", pattern: "a", content: "b" },
      'Replace: expected a pattern with a String or a Regex, found "a"',
    ],
    [
      "pre_tokenizer",
      { type: "Sequence", pretokenizers: [{ type: "Split", pattern: { Glob: "*" }, behavior: "Isolated" }] },
      'Split: expected a pattern with a String or a Regex, found {"Glob":"*"}',
    ],
    [
      "decoder",
      { type: "Sequence", decoders: [{ type: "Replace", content: "b" }] },
      "Replace: expected a pattern with a String or a Regex, found none",
    ],
  ])(
    "whose %s has a pattern that is none is refused, where the library would only warn",
    async (place, part, expected) => {
      await expect(tokenizerWith({ json: { [place]: part } })).rejects.toThrow(
        `${join(folder, "tokenizer.json")}: ${place}: ${expected}`,
      );
    },
  );
});

describe("a regular expression of somebody else's tokenizer.json that takes exponential time", () => {
  const replace = { type: "Replace", pattern: { Regex: EXPONENTIAL }, content: "b" };

  it("ends with an error where a normalizer runs it", { timeout: 120_000 }, async () => {
    const tokenizer = await tokenizerWith({ json: { normalizer: replace } });
    expect(tokenizer.encode("short").length).toBe(5);
    expect(() => tokenizer.encode(TEXT)).toThrow(/^A regular expression of the tokenizer in .* takes longer than/);
  });

  it("ends with an error where a unigram tokenizer's normalizer runs it", { timeout: 120_000 }, async () => {
    const model = {
      type: "Unigram",
      unk_id: 0,
      byte_fallback: false,
      vocab: [
        ["<unk>", 0],
        ["▁", -1],
        ["a", -2],
        ["b", -3],
      ],
    };
    const json = {
      version: "1.0",
      normalizer: replace,
      pre_tokenizer: { type: "Metaspace", replacement: "▁" },
      model,
      added_tokens: [],
    };
    writeFileSync(join(folder, "tokenizer.json"), JSON.stringify({ ...json, decoder: null, post_processor: null }));
    writeFileSync(join(folder, "tokenizer_config.json"), JSON.stringify({ unk_token: "<unk>", pad_token: "<unk>" }));
    const tokenizer = await loadTokenizer(folder);
    expect(() => tokenizer.encode(TEXT)).toThrow(
      /^The regular expression \(a\+\)\+\$ of a tokenizer\.json takes longer/,
    );
  });
});

describe("a tokenizer.json of somebody else", () => {
  const replace = (pattern: object, content: string) => ({ type: "Replace", pattern, content });
  const withNormalizers = (normalizers: readonly object[]) =>
    tokenizerWith({ json: { normalizer: { type: "Sequence", normalizers } } });

  it.each([
    ["between all characters", replace({ Regex: "" }, "▁"), 2 ** 17],
    ["for each character", replace({ Regex: "." }, "ab"), 2 ** 17],
    ["where a character follows", replace({ Regex: "(?=.)" }, "a"), 2 ** 17],
    ["for an empty text", replace({ String: "" }, "a"), 2 ** 17],
  ])("that replaces %s again and again is refused before it is asked", async (_, step, found) => {
    await expect(withNormalizers(Array(17).fill(step))).rejects.toThrow(
      `${folder}/tokenizer.json: normalizer: expected replacements that make at most 65536 characters of one, found some that may make ${found}.`,
    );
  });

  it("may replace one character by another as often as it likes, and a few by several", async () => {
    const spaces = Array(40).fill(replace({ String: "\u00a0" }, " "));
    const tokenizer = await withNormalizers([
      ...spaces,
      replace({ Regex: "…" }, "..."),
      replace({ Regex: "½" }, "1/2"),
    ]);
    expect(tokenizer.encode("a…b")).toEqual(tokenizer.encode("a...b"));
  });

  it.each([
    { added_tokens: [{ id: 0, content: { toString: false }, special: true }] },
    { post_processor: { type: "TemplateProcessing", single: [{ Sequence: { id: { toString: 1 } } }], pair: [] } },
    { post_processor: { type: "TemplateProcessing", single: [{ SpecialToken: { id: { toString: 1 } } }], pair: [] } },
  ])("whose objects have a toString that is none is read or refused in a sentence: %j", async (json) => {
    const refusal = await tokenizerWith({ json }).then(
      () => undefined,
      (error: Error) => error,
    );
    if (refusal !== undefined) expect(refusal.message).toContain(folder);
    expect(refusal).not.toBeInstanceOf(TypeError);
  });
});
