import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { loadQuestions, loadTrainingQuestions, type Subject } from "../src/index.ts";
import { folderOf } from "./folder.ts";

const FIXTURES = fileURLToPath(new URL("../../../fixtures/mmlu", import.meta.url));
const ANATOMY: readonly Subject[] = ["anatomy"];
const BOTH: readonly Subject[] = ["anatomy", "astronomy"];

describe("the original's CSV layout", () => {
  test("keeps line breaks, commas and doubled quotes inside quoted cells", async () => {
    const text = '"Which is right?\nSay ""one"", please.","a, b",c,d,"e\r\nf",B\nNext?,1,2,3,4,D\n';
    const folder = await folderOf({ "test/anatomy_test.csv": text });
    const questions = (await loadQuestions(folder, "test", ANATOMY)).get("anatomy")!;
    expect(questions).toEqual([
      {
        question: 'Which is right?\nSay "one", please.',
        choices: ["a, b", "c", "d", "e\r\nf"],
        answer: 1,
        origin: `${join(folder, "test/anatomy_test.csv")}, row 1`,
      },
      expect.objectContaining({ question: "Next?", answer: 3 }),
    ]);
  });

  test("takes every cell for text: numbers keep their zeros, None is a word", async () => {
    const folder = await folderOf({ "test/anatomy_test.csv": "Which?,007,0.50,None,N/A,A\n" });
    const [question] = (await loadQuestions(folder, "test", ANATOMY)).get("anatomy")!;
    expect(question!.choices).toEqual(["007", "0.50", "None", "N/A"]);
  });

  test("a wrong answer letter names file and row, and the letter", async () => {
    const folder = await folderOf({ "test/anatomy_test.csv": '"a\nb",1,2,3,4,A\nWhich?,1,2,3,4,E\n' });
    await expect(loadQuestions(folder, "test", ANATOMY)).rejects.toThrow(
      /anatomy_test\.csv, row 2: expected an answer from A to D \(or 0 to 3\), found "E"/,
    );
  });

  test("a row with a cell too few names file and row", async () => {
    const folder = await folderOf({ "test/anatomy_test.csv": "Which?,1,2,3,4,A\nWhich?,1,2,3,A\n" });
    await expect(loadQuestions(folder, "test", ANATOMY)).rejects.toThrow(/row 2: expected 6 cells .*, found 5/);
  });

  test("an open quote names the file, a quote inside a cell is text", async () => {
    const open = await folderOf({ "test/anatomy_test.csv": '"Which?,1,2,3,4,A\n' });
    await expect(loadQuestions(open, "test", ANATOMY)).rejects.toThrow(
      /anatomy_test\.csv: expected comma-separated values/,
    );
    const stray = await folderOf({ "val/anatomy_val.csv": 'Which?,a 5" disc,2,3,4,A\n' });
    const [question] = (await loadQuestions(stray, "validation", ANATOMY)).get("anatomy")!;
    expect(question!.choices[0]).toBe('a 5" disc');
  });

  test("all missing subjects are named in one error", async () => {
    const folder = await folderOf({ "test/anatomy_test.csv": "Which?,1,2,3,4,A\n" });
    await expect(loadQuestions(folder, "test", ["anatomy", "astronomy", "virology"])).rejects.toThrow(
      /expected test questions of 3 subjects, found 1; missing: astronomy, virology\./,
    );
  });

  test("a file without rows counts as missing", async () => {
    const folder = await folderOf({ "test/anatomy_test.csv": "" });
    await expect(loadQuestions(folder, "test", ANATOMY)).rejects.toThrow("missing: anatomy");
  });

  test("may be gzipped", async () => {
    const folder = await folderOf({ "test/astronomy_test.csv": "Next?,1,2,3,4,B\n" });
    await writeFile(join(folder, "test/anatomy_test.csv.gz"), gzipSync("Which?,1,2,3,4,D\n"));
    const questions = await loadQuestions(folder, "test", BOTH);
    expect(BOTH.map((subject) => questions.get(subject)![0]!.answer)).toEqual([3, 1]);
    expect((await loadQuestions(folder, "test", ANATOMY)).get("anatomy")).toHaveLength(1);
  });

  test("validation questions are in val", async () => {
    const folder = await folderOf({ "val/anatomy_val.csv": "Which?,1,2,3,4,A\n" });
    expect((await loadQuestions(folder, "validation", ANATOMY)).get("anatomy")).toHaveLength(1);
  });
});

describe("the Hub's layouts", () => {
  test("reads one parquet file of all subjects, or one for each", async () => {
    const expected = { choices: ["Mars", "007", "0.50", "The Sun"], answer: 3, question: "Which of these\nis a star?" };
    const folder = await folderOf({});
    await cp(join(FIXTURES, "test-00000-of-00001.parquet"), join(folder, "all/test-00000-of-00001.parquet"));
    expect((await loadQuestions(folder, "test", BOTH)).get("astronomy")).toMatchObject([expected]);

    const single = await folderOf({});
    await mkdir(join(single, "astronomy"));
    await cp(join(FIXTURES, "test-00000-of-00001.parquet"), join(single, "astronomy/test-00000-of-00001.parquet"));
    expect((await loadQuestions(single, "test", ["astronomy"])).get("astronomy")![1]).toMatchObject(expected);
  });

  test("reads jsonl with answers as numbers or letters", async () => {
    const rows = [
      { question: "a", subject: "anatomy", choices: ["1", "2", "3", "4"], answer: 2 },
      { question: "b", subject: "astronomy", choices: ["1", "2", "3", "4"], answer: "D" },
    ];
    const folder = await folderOf({ "test.jsonl": rows.map((row) => JSON.stringify(row)).join("\n") });
    const questions = await loadQuestions(folder, "test", BOTH);
    expect(BOTH.map((subject) => questions.get(subject)![0]!.answer)).toEqual([2, 3]);
  });

  test("reads the files the Hub converts a split to, in order, by subject or for all", async () => {
    const row = (question: string, subject: string) =>
      JSON.stringify({ question, subject, choices: ["1", "2", "3", "4"], answer: 0 });
    const texts = async (folder: string) =>
      (await loadQuestions(folder, "test", ANATOMY)).get("anatomy")!.map(({ question }) => question);
    const single = await folderOf({ "anatomy/test/README.md": "" });
    await cp(join(FIXTURES, "test-00000-of-00001.parquet"), join(single, "anatomy/test/0000.parquet"));
    await cp(join(FIXTURES, "test-00000-of-00001.parquet"), join(single, "anatomy/test/0001.parquet"));
    expect(await texts(single)).toHaveLength(4);
    const all = await folderOf({
      "all/test/0001.jsonl": row("b", "anatomy"),
      "all/test/0000.jsonl": `${row("a", "anatomy")}\n${row("c", "virology")}`,
    });
    expect(await texts(all)).toEqual(["a", "b"]);
    const training = await folderOf({ "auxiliary_train/train/README.md": "" });
    await cp(join(FIXTURES, "train-00000-of-00001.parquet"), join(training, "auxiliary_train/train/0000.parquet"));
    expect((await loadTrainingQuestions(training)).map(({ answer }) => answer)).toEqual([1, 3]);
  });

  test("a row without a subject, or with three choices, names file and row", async () => {
    const row = { question: "a", choices: ["1", "2", "3", "4"], answer: 0 };
    const folder = await folderOf({
      "test.jsonl": `${JSON.stringify({ ...row, subject: "anatomy" })}\n${JSON.stringify(row)}`,
      "validation.jsonl": JSON.stringify({ ...row, choices: ["1", "2", "3"] }),
    });
    await expect(loadQuestions(folder, "test", ANATOMY)).rejects.toThrow(
      /test\.jsonl, row 2: expected a subject of MMLU such as anatomy, found none/,
    );
    await expect(loadQuestions(folder, "validation", ANATOMY)).rejects.toThrow(/row 1: expected four choices/);
  });

  test("refuses a file that is no parquet, and shards with one missing", async () => {
    const folder = await folderOf({ "test.parquet": "no parquet\n" });
    await expect(loadQuestions(folder, "test", ANATOMY)).rejects.toThrow(/test\.parquet: expected a parquet file/);
    const shards = await folderOf({ "all/test-00000-of-00002.parquet": "" });
    await expect(loadQuestions(shards, "test", ANATOMY)).rejects.toThrow("Expected 2 shards of test.parquet, found 1");
  });

  test("a folder without questions says what was looked for", async () => {
    const folder = await folderOf({ "README.md": "" });
    await expect(loadQuestions(folder, "test", ANATOMY)).rejects.toThrow(/has no test questions: .* found README\.md/);
    await expect(loadQuestions(join(folder, "nowhere"), "test", ANATOMY)).rejects.toThrow("is empty or cannot be read");
  });
});

describe("training questions", () => {
  test("come from every file of auxiliary_train, wrapped or not", async () => {
    const folder = await folderOf({ "auxiliary_train/race.csv": "Which?,1,2,3,4,B\n" });
    await cp(
      join(FIXTURES, "train-00000-of-00001.parquet"),
      join(folder, "auxiliary_train/train-00000-of-00001.parquet"),
    );
    const questions = await loadTrainingQuestions(folder);
    expect(questions.map(({ answer }) => answer)).toEqual([1, 1, 3]);
    expect(questions[1]!.choices).toEqual(["Ulna", "Femur", "Radius", "None"]);
  });

  test("that are absent are an error", async () => {
    await expect(loadTrainingQuestions(await folderOf({}))).rejects.toThrow("has no training questions");
  });
});
