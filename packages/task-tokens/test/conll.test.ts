import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { understandData } from "../src/index.ts";
import { readSentences } from "../src/sentences.ts";
import { CONLL_FILES } from "./conll-files.ts";
import { dataFolder } from "./folder.ts";

const folder = dataFolder(CONLL_FILES);
const at = (name: string): string => join(folder, name);
const read = (name: string, given = {}) => readSentences(at(name), given);

describe("columns", () => {
  test("a line that begins with # is a comment before a sentence, where it has other columns", async () => {
    const { sentences, ...rest } = await read("plain.conll");
    expect(rest).toEqual({
      file: at("plain.conll"),
      words: 1,
      tags: 2,
      notes: ["1 lines with comments are left out."],
    });
    expect(sentences).toEqual([
      { words: ["A", "b"], tags: ["O", "B-X"], origin: `${at("plain.conll")}, line 2` },
      { words: ["#", "c"], tags: ["O", "I-X"], origin: `${at("plain.conll")}, line 6` },
    ]);
  });

  test("a comment may have as many columns as words have: it has no tag that another word has", async () => {
    const documents = await read("documents.conll");
    expect(documents.sentences.map(({ words }) => words)).toEqual([
      ["A", "b"],
      ["#", "c"],
      ["#", "d"],
    ]);
    expect(documents.notes).toEqual(["2 lines with comments are left out."]);
    const ids = await read("ids.conll");
    expect(ids.sentences.map(({ words }) => words)).toEqual([["A", "b"], ["c"], ["#", "d"]]);
    expect((await understandData(at("ids.conll"))).options.labels).toEqual(["O", "B-X"]);
  });

  test("numbers that count words are no words, nor are tokens made up of several", async () => {
    await expect(read("universal.conll")).rejects.toThrow(
      `${at("universal.conll")}: expected words in column 1, found numbers that count them. Name the column of the words: task.words=2, and of the tags: task.tags=<number>.`,
    );
    const { sentences } = await read("universal.conll", { words: 2 });
    expect(sentences.map(({ words, tags }) => [words, tags])).toEqual([
      [
        ["de", "el", "mar"],
        ["O", "O", "B-X"],
      ],
      [
        ["A", "b"],
        ["O", "O"],
      ],
    ]);
    expect((await read("years.conll")).sentences[0]!.words).toEqual(["1996", "3-4"]);
  });

  test("tags in the first column are no words", async () => {
    await expect(read("tags-first.bio")).rejects.toThrow(
      `${at("tags-first.bio")}: expected words in column 1, found tags. Name the column of the words: task.words=2, and of the tags: task.tags=1.`,
    );
    const { sentences } = await read("tags-first.bio", { words: 2, tags: 1 });
    expect(sentences.map(({ words, tags }) => [words, tags])).toEqual([
      [
        ["A", "b", "c"],
        ["B-X", "I-X", "O"],
      ],
      [["d"], ["O"]],
    ]);
  });

  test("the last one has the tags unless another is named; documents begin without a word", async () => {
    const { sentences, tags } = await read("four.txt");
    expect([tags, sentences.map((sentence) => sentence.tags)]).toEqual([4, [["B-ORG", "O"], ["B-PER"]]]);
    expect(sentences.map(({ words }) => words)).toEqual([["EU", "rejects"], ["Peter"]]);
    const { sentences: tagged } = await read("four.txt", { tags: 2 });
    expect(tagged[0]!.tags).toEqual(["NNP", "VBZ"]);
  });

  test("stand apart by tabs where there is one, so that a word may have a space", async () => {
    expect((await read("tab.conll")).sentences[0]!.words).toEqual(["New York", "is"]);
  });

  test("keep blanks that are no spaces, which some take for words", async () => {
    const lines = { "tab.conll": ["\u00a0\tO", " a \tB-X "], "space.conll": ["\u00a0 O", " a  B-X "] };
    const own = dataFolder(lines);
    for (const name of Object.keys(lines)) {
      const { sentences } = await readSentences(join(own, name), {});
      expect([sentences[0]!.words, sentences[0]!.tags]).toEqual([
        ["\u00a0", "a"],
        ["O", "B-X"],
      ]);
    }
  });

  test("lines may end as on Windows", async () => {
    expect((await read("crlf.conll")).sentences.map(({ tags }) => tags)).toEqual([["O", "B-X"], ["O"]]);
  });

  test("a single one holds words to be tagged", async () => {
    const { sentences, tags } = await read("words.conll", { tags: 4 });
    expect(tags).toBeUndefined();
    expect(sentences).toEqual([
      { words: ["just", "words"], origin: `${at("words.conll")}, line 1` },
      { words: ["here"], origin: `${at("words.conll")}, line 4` },
    ]);
  });

  test.each<[string, object, string]>([
    ["ragged.conll", {}, ', line 2: expected 2 columns, as line 1 has, found 1: "b".'],
    ["hole.conll", {}, ', line 2: expected 2 columns, as line 1 has, found an empty one: "\\tO".'],
    ["empty.conll", {}, ": expected a word on each line, found none."],
    [
      "plain.conll",
      { tags: 4 },
      ": expected the tags in column 4, found 2 columns. Name it: task.tags=<number>, counted from 1.",
    ],
    ["plain.conll", { words: 2 }, ": expected words and tags in two columns, found both in column 2."],
  ])("%s %j", async (name, given, message) => {
    await expect(read(name, given)).rejects.toThrow(at(name) + message);
  });
});
