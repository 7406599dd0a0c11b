import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvalidInputError, NotFoundError } from "@blora/spec";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadTokenizer } from "../src/index.ts";
import { type ModelFixture, sentencePieceModel } from "./sentencepiece-fixture.ts";

const SPECIAL = [
  ["[PAD]", 0, "control"],
  ["[CLS]", 0, "control"],
  ["[SEP]", 0, "control"],
  ["[UNK]", 0, "unknown"],
] as const;
/** Ids 4 to 9. */
const WORDS = [
  ["▁", -3],
  ["a", -2],
  ["b", -2.5],
  ["▁ab", -4],
  ["½", -5],
  ["▁a", -3.5],
] as const;

describe("a folder with spm.model", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "blora-tokenizer-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const load = async (fixture: Partial<ModelFixture> = {}, config?: object) => {
    await writeFile(join(folder, "spm.model"), sentencePieceModel({ pieces: [...SPECIAL, ...WORDS], ...fixture }));
    if (config !== undefined) await writeFile(join(folder, "tokenizer_config.json"), JSON.stringify(config));
    return loadTokenizer(folder);
  };

  it("gives the mask token that the model lacks the id after the last", async () => {
    const { special, vocabularySize } = await load();
    expect(special).toEqual({ pad: 0, cls: 1, sep: 2, unknown: 3, mask: 10 });
    expect(vocabularySize).toBe(11);
  });

  it("takes added tokens and their ids from added_tokens.json", async () => {
    await writeFile(join(folder, "added_tokens.json"), JSON.stringify({ "[MASK]": 12, "<e>": 11 }));
    const { special, encode, vocabularySize } = await load();
    expect(special.mask).toBe(12);
    expect(vocabularySize).toBe(13);
    expect(encode("ab<e>a")).toEqual([7, 11, 9]);
  });

  it("reduces spaces to one, drops them at the ends and marks the first word", async () => {
    const { encode } = await load();
    expect(encode("  a   ab  ")).toEqual([9, 7]);
    expect(encode("")).toEqual([]);
    expect(encode("   ")).toEqual([]);
  });

  it("gives the text of ids back without special tokens, and byte pieces as characters", async () => {
    const byte = (value: number) => [`<0x${value.toString(16).toUpperCase()}>`, 0, "byte"] as const;
    const pieces = [...SPECIAL, ...WORDS, byte(0xc3), byte(0xa9)] as const;
    const { encode, decode, special } = await load({ pieces, byteFallback: true });
    expect(decode([special.cls!, ...encode("ab é a"), special.sep!])).toBe("ab é a");
    expect(decode(encode("é").slice(0, -1))).toBe("\ufffd");
    expect(decode([special.mask!, 99])).toBe("");
  });

  it("keeps every space where the model says so", async () => {
    const { encode } = await load({ removeExtraWhitespaces: false });
    expect(encode("a  b ")).toEqual([9, 4, 4, 6, 4]);
  });

  it("applies the longest rule of the character map before it looks for pieces", async () => {
    const { encode } = await load({ rules: { A: "a", AB: "b a", "\t": " ", "\u0007": "" } });
    // A -> a; AB -> "b a"; tab -> space; bell -> nothing.
    expect(encode("A")).toEqual([9]);
    expect(encode("AB")).toEqual([4, 6, 9]);
    expect(encode("\t a\t\tA\u0007b\t")).toEqual([9, 7]);
  });

  it("passes user-defined pieces by the character map", async () => {
    const pieces = [...SPECIAL, ...WORDS, ["AB", 0, "user-defined"]] as const;
    const { encode } = await load({ pieces, rules: { A: "a", B: "b" } });
    expect(encode("AABB")).toEqual([9, 10, 6]);
  });

  it("lower-cases where tokenizer_config.json asks for it, and not otherwise", async () => {
    expect((await load({}, { do_lower_case: true })).encode("AB")).toEqual([7]);
    expect((await load({}, { do_lower_case: false })).encode("AB")).toEqual([4, 3]);
  });

  it("refuses what it cannot honour, and files that are no model", async () => {
    await expect(load({}, { split_by_punct: true })).rejects.toThrow(/split_by_punct is not supported/);
    await expect(load({ modelType: 3 }, {})).rejects.toThrow(
      /expected a Unigram or byte-pair SentencePiece model.*model type 3/,
    );
    await writeFile(join(folder, "spm.model"), "version https://git-lfs");
    await expect(loadTokenizer(folder)).rejects.toThrow(/spm\.model is a git-lfs pointer, not the file itself/);
    await rm(join(folder, "spm.model"));
    await expect(loadTokenizer(folder)).rejects.toThrow(NotFoundError);
    await expect(load({ pieces: [...WORDS, SPECIAL[3]] }, {})).rejects.toThrow(/no pad_token .*no eos_token/);
  });

  it("refuses an added token that takes the id of another piece", async () => {
    await writeFile(join(folder, "added_tokens.json"), JSON.stringify({ "<e>": 5 }));
    await expect(load()).rejects.toThrow(/"<e>".*found 5/);
  });

  it("meets damaged models with one kind of error", async () => {
    const model = sentencePieceModel({ pieces: [...SPECIAL, ...WORDS], rules: { A: "a" } });
    const damage = fc.record({
      at: fc.nat(model.length - 1),
      value: fc.integer({ min: 0, max: 255 }),
      cut: fc.nat(40),
    });
    await fc.assert(
      fc.asyncProperty(damage, async ({ at, value, cut }) => {
        const bytes = Buffer.from(model.slice(0, model.length - cut));
        if (at < bytes.length) bytes[at] = value;
        await writeFile(join(folder, "spm.model"), bytes);
        try {
          (await loadTokenizer(folder)).encode("A ab ½x");
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidInputError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
