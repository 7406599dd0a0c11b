import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type TokensOptions, tokens, understandData } from "../src/index.ts";
import { orderedTags, schemeOf } from "../src/tags.ts";
import { dataFolder } from "./folder.ts";

const OPTIONS: TokensOptions = { labels: ["O", "B-X", "I-X"], scheme: "IOB2", words: 1, tags: 2 };
const sentences = Array.from({ length: 40 }, (_, index) => `word${index} ${index % 2 === 0 ? "O" : "B-X"}\n`);
const folder = dataFolder({
  "one.conll": [...sentences, "word0 O\n", "word1 O\n"].join("\n"),
  "new.conll": ["what", "is", "", "this"],
  "empty.jsonl": ['{"tokens":["a"],"tags":["O"]}', '{"tokens":[],"tags":[]}'],
});
const splits = dataFolder({
  "train.txt": ["a O", "b B-X", "", "c O"],
  "dev.txt": ["a O", "b B-X", "", "d O"],
  "test.txt": ["e O", "f B-Y", "", "g B-Z", "h B-Y"],
});
const foreign = dataFolder({
  "tagged.conll": ["a\t_", "b\tB-NEW"],
  "numbers.jsonl": ['{"tokens":["a","b"],"ner_tags":[-100,7]}'],
});

test.each(["tagged.conll", "numbers.jsonl"])("words of %s are answered whatever their tags", async (name) => {
  const options = name.endsWith(".conll") ? OPTIONS : { ...OPTIONS, words: "tokens", tags: "ner_tags" };
  await expect(load(name, join(foreign, name), options)).rejects.toThrow(join(foreign, name));
  const { examples } = await tokens(options).load(name, join(foreign, name), { unlabelled: true });
  expect(examples).toMatchObject([{ words: ["a", "b"] }]);
  expect(examples[0]).not.toHaveProperty("labels");
});

const load = (split: string, data: string, options = OPTIONS) => tokens(options).load(split, data);

describe("a single file", () => {
  const file = join(folder, "one.conll");

  test("a tenth of the sentences is held out, the same each time, equal ones together", async () => {
    const train = await load("train", file);
    const validation = await load("validation", file);
    expect(train.examples.length + validation.examples.length).toBe(42);
    expect(new Set(validation.examples.map(({ words }) => words![0])).size).toBe(4);
    const learned = new Set(train.examples.map(({ words }) => words![0]));
    expect(validation.examples.filter(({ words }) => learned.has(words![0]!))).toEqual([]);
    expect(await load("validation", file)).toEqual(validation);
    expect(validation.notes).toEqual([
      `The data have no validation split: ${validation.examples.length} of 42 training sentences are held out for it (seed 42).`,
    ]);
    const other = await load("validation", file, { ...OPTIONS, validationSeed: 1 });
    expect(other.examples).not.toEqual(validation.examples);
  });

  test("sentences that repeat, and those with different tags, are said", async () => {
    const { notes } = await load("train", file, { ...OPTIONS, validationShare: 0.01, validationSeed: 3 });
    expect(notes).toEqual([
      "2 of 41 training sentences repeat another.",
      "1 sentences stand in training with different tags.",
    ]);
  });

  test("named as a split it is whole; sentences to be tagged need no tags", async () => {
    const { examples } = await load("one.conll", file);
    expect([examples.length, examples[1]]).toEqual([
      42,
      { first: "", words: ["word1"], labels: [1], origin: `${file}, line 3` },
    ]);
    const path = join(folder, "new.conll");
    expect((await load("new.conll", path)).examples).toEqual([
      { first: "", words: ["what", "is"], origin: `${path}, line 1` },
      { first: "", words: ["this"], origin: `${path}, line 4` },
    ]);
    await expect(load("train", path)).rejects.toThrow(`${path}, line 1: expected words with tags, found no tags.`);
  });

  test("sentences without words are counted", async () => {
    const { notes } = await load("train", join(folder, "empty.jsonl"), { ...OPTIONS, evaluation: ["empty.jsonl"] });
    expect(notes).toEqual(["1 of 2 sentences have no words."]);
  });
});

describe("a folder", () => {
  test("has a file for each split, and sentences in both are counted", async () => {
    expect((await load("train", splits)).examples).toHaveLength(2);
    const { examples, notes } = await load("validation", splits);
    expect(examples.map(({ words }) => words)).toEqual([["a", "b"], ["d"]]);
    expect(notes).toEqual(["1 of 2 sentences of validation stand in training as well, so the score flatters."]);
  });

  test("tags that training does not have are listed with their places", async () => {
    const file = join(splits, "test.txt");
    await expect(load("test", splits)).rejects.toThrow(
      `Expected the tags that training has (O, B-X, I-X), found "B-Y" (2 times, first in ${file}, line 1, word 2), "B-Z" (1 time, first in ${file}, line 4, word 1).`,
    );
  });
});

test("data of its own are named", async () => {
  await expect(tokens(OPTIONS).load("train", undefined)).rejects.toThrow("name a file or folder");
  await expect(understandData(join(folder, "absent"))).rejects.toThrow("expected a data file or a folder of them");
});

describe("tags", () => {
  test.each<[string, string, number]>([
    ["O B-X I-X O B-Y", "IOB2", 0],
    ["O B-X I-X O I-Y B-Y", "IOB2", 1],
    ["I-X I-X B-X O I-Y", "IOB1", 0],
    ["O I-X I-X I-Y", "IOB1", 0],
    ["I-X E-X O E-X", "IOE", 0],
    ["B-X E-X S-Y O", "IOBES", 0],
    ["B-X L-X U-Y O", "BILOU", 0],
    ["B I O", "IOB2", 0],
    ["NOUN VERB O", "none", 0],
    ["O O", "none", 0],
  ])("%s is %s", (tags, scheme, broken) => {
    expect(schemeOf([tags.split(" ")])).toEqual({ scheme, broken, odd: [] });
  });

  test("are ordered by type, as an entity goes", () => {
    expect(orderedTags([["I-Y", "S-X", "B-Y", "E-X", "O", "I-X", "B-X"]], "IOBES")).toEqual([
      ...["O", "B-X", "I-X", "E-X", "S-X", "B-Y", "I-Y"],
    ]);
    expect(orderedTags([["VERB", "ADV", "O"]], "none")).toEqual(["ADV", "O", "VERB"]);
  });
});

test("a tag is one in whatever form of Unicode it is written", async () => {
  const [composed, apart] = ["B-\u00e9", "B-e\u0301"];
  const data = dataFolder({
    "train.conll": [`a ${composed}`, `b ${apart}`, "c O"],
    "dev.jsonl": [`{"tokens":["d","e"],"tags":["${apart}","O"]}`],
  });
  const { options } = await understandData(data);
  expect(options.labels).toEqual(["O", composed]);
  const old = { ...options, labels: ["O", apart] };
  expect((await load("train", data, old)).examples[0]!.labels).toEqual([1, 1, 0]);
  expect((await load("validation", data, { ...options, words: "tokens", tags: "tags" })).examples[0]!.labels).toEqual([
    1, 0,
  ]);
});

test.each([
  [["a 0", "b B-X", "c I-X"], "Scores count words, not entities: 0 is no tag of a scheme such as IOB2"],
  [["a O", "b B-X", "c M-X", "d E-X", "e S-X"], "not entities: M-X is no tag"],
  [["a B-X", "b o"], "not entities: o is no tag"],
  [["a O", "b B-X"], undefined],
  [["a o", "b b-x", "c i-x"], "not entities: o, b-x, i-x are no tags of a scheme such as IOB2"],
  [["a O", "b B_X", "c I_X"], "not entities: B_X, I_X are no tags"],
  [["a O", "b X-B", "c X-I"], "not entities: X-B, X-I are no tags"],
  [["a N", "b V", "c B"], undefined],
  [["a sub-b", "b obj", "c I-x"], undefined],
])("tags %j say why no entities are counted", async (lines, message) => {
  const data = dataFolder({ "train.conll": lines });
  const { sentence, options } = await understandData(data);
  expect(options.scheme === "none").toBe(lines[0] !== "a O" || lines.length > 2);
  if (message === undefined) expect(sentence).not.toContain("entities");
  else expect(sentence).toContain(message);
});
