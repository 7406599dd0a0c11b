import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AutoTokenizer } from "@huggingface/transformers";
import { describe, expect, onTestFinished, test } from "vitest";
import { loadTokenizer, writeTokenizerJson } from "../src/index.ts";

interface Variants {
  readonly texts: readonly string[];
  readonly variants: readonly {
    readonly name: string;
    /** Changes to the folder's `tokenizer.json`; null where there is only `vocab.txt`. */
    readonly json: object | null;
    readonly config: object | null;
    readonly ids: readonly (readonly number[])[];
  }[];
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../fixtures/wordpiece/${name}`, import.meta.url), "utf8"));
const { texts, variants } = read("variants.json") as Variants;
const json = read("tokenizer.json") as { model: { vocab: Record<string, number> } };
const vocabulary = Object.entries(json.model.vocab).sort(([, a], [, b]) => a - b);

function folderOf({ json: changes, config }: Variants["variants"][number]): string {
  const folder = mkdtempSync(join(tmpdir(), "blora-tokenizer-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const write = (name: string, content: object): void => writeFileSync(join(folder, name), JSON.stringify(content));
  write("config.json", { model_type: "bert" });
  if (changes === null) writeFileSync(join(folder, "vocab.txt"), vocabulary.map(([word]) => `${word}\n`).join(""));
  else write("tokenizer.json", { ...json, ...changes });
  if (config !== null) write("tokenizer_config.json", config);
  return folder;
}

describe("WordPiece gives the ids of transformers", () => {
  test.each(variants)("$name", async (variant) => {
    const { encode, special } = await loadTokenizer(folderOf(variant));
    expect(texts.map((text) => [text, encode(text)])).toEqual(texts.map((text, index) => [text, variant.ids[index]]));
    expect(special).toEqual({ pad: 0, unknown: 1, cls: 2, sep: 3, mask: 4 });
  });

  test("and that of U+FFFD for half of a character", async () => {
    const { encode } = await loadTokenizer(folderOf(variants[0]!));
    expect(encode("a\ud800 dog")).toEqual(encode("a\ufffd dog"));
  });
});

test("a vocab.txt of another kind of model is refused", async () => {
  const folder = folderOf({ ...variants[0]!, json: null, config: { tokenizer_class: "MPNetTokenizer" } });
  await expect(loadTokenizer(folder)).rejects.toThrow(
    /vocab\.txt: expected the vocabulary of a BERT .* found one of MPNetTokenizer\. Add/,
  );
  writeFileSync(join(folder, "tokenizer_config.json"), '{"unk_token":"<none>"}');
  await expect(loadTokenizer(folder)).rejects.toThrow("expected a line with the unknown token <none>, found none.");
});

test("a tokenizer.json written from vocab.txt is that of the fixtures, and frames texts in transformers.js", async () => {
  const folder = folderOf({ ...variants[0]!, json: null });
  expect(await writeTokenizerJson(folder, folder)).toEqual(["tokenizer.json", "tokenizer_config.json"]);
  expect(JSON.parse(readFileSync(join(folder, "tokenizer.json"), "utf8"))).toEqual({
    ...json,
    truncation: undefined,
    padding: undefined,
  });
  const library = await AutoTokenizer.from_pretrained(folder, { local_files_only: true });
  expect(library.encode("A dog barks")).toEqual([2, 6, 12, 13, 3]);
});
