import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRegistry } from "@blora/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeOrders, toConll } from "../../../examples/tag-words/src/orders.ts";
import { taggedFormat, taggedText } from "../src/output/tagged-words.ts";
import { typesTable } from "../src/output/types-table.ts";
import { registry } from "../src/registry.ts";
import { ownDataTask } from "../src/run/task-of-data.ts";
import { blora, requireBuild } from "./run-blora.ts";

let folder = "";
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  requireBuild();
  folder = mkdtempSync(join(tmpdir(), "blora-tag-words-"));
  writeFileSync(at("orders.conll"), toConll(makeOrders(60, 1)));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the orders of the example are those its code makes", () => {
  const committed = readFileSync(new URL("../../../examples/tag-words/orders.conll", import.meta.url), "utf8");
  expect(committed).toBe(toConll(makeOrders(400, 1)));
});

test("words of one's own are understood, learned, scored and tagged", async () => {
  const fast = ["--threads", "1", "--method", "lora", "--set", "maxSteps=4", "--set", "evalSteps=4"];
  const trained = await blora(["train", "--data", at("orders.conll"), "--out", at("run"), ...fast]);
  expect([trained.status, trained.stderr.split("\n")[0]]).toEqual([
    0,
    `orders.conll: 60 sentences of ${makeOrders(60, 1).flat().length} words; learns from the words in column 1 which of 7 tags in IOB2 is in column 2 (O, B-CITY, I-CITY, B-GOODS, I-GOODS, B-PERSON, I-PERSON).`,
  ]);
  expect(trained.stderr).toContain("6 of 60 training sentences are held out for it (seed 42)");

  const scored = await blora(["eval", at("run"), "--data", at("orders.conll"), "--threads", "1", "--json"]);
  const { splits } = JSON.parse(scored.stdout) as { splits: Record<string, { scores: Record<string, number> }> };
  expect(Object.keys(splits["orders.conll"]!.scores)).toEqual(["f1", "precision", "recall", "accuracy"]);

  writeFileSync(at("new.conll"), "Rosa\nKeller\n.\n\nOslo\n");
  const printed = await blora(["predict", at("run"), "--data", at("new.conll"), "--threads", "1"]);
  expect(printed.stdout).toMatch(/^Rosa \S+\nKeller \S+\n\. \S+\n\nOslo \S+\n$/);
  const written = ["predict", at("run"), "--data", at("new.conll"), "--threads", "1", "--out", at("new.jsonl")];
  expect((await blora(written)).stdout).toBe(`2 rows in ${at("new.jsonl")}\n`);
  const rows = readFileSync(at("new.jsonl"), "utf8").trim().split("\n");
  const [first, second] = rows.map((row) => JSON.parse(row));
  expect(first).toMatchObject({ row: `${at("new.conll")}, line 1`, words: ["Rosa", "Keller", "."] });
  expect([...first.tags, ...second.tags]).toEqual([...printed.stdout.matchAll(/^\S+ (\S+)$/gm)].map(([, tag]) => tag));
});

const examples = [
  { first: "", words: ["New York", "is", "x"], origin: "a, row 1" },
  { first: "", words: [], origin: "a, row 2" },
  { first: "", words: ["far"], origin: "a, row 3" },
];
const result = { logits: Float32Array.of(0, 2, 1, 1, 3, 0), words: [[0, 2], [], [0]] };

test.each<["jsonl" | "conll" | "csv", readonly string[]]>([
  [
    "jsonl",
    [
      '{"row":"a, row 1","words":["New York","is","x"],"tags":["B",null,"O"],"probabilities":[0.880797,null,0.5]}',
      '{"row":"a, row 2","words":[],"tags":[],"probabilities":[]}',
      '{"row":"a, row 3","words":["far"],"tags":["O"],"probabilities":[0.952574]}',
    ],
  ],
  ["conll", ["New York\tB", "is\t_", "x\tO", "", "", "far\tO"]],
  [
    "csv",
    [
      "row,word,tag,probability",
      '"a, row 1",New York,B,0.880797',
      '"a, row 1",is,,',
      '"a, row 1",x,O,0.5',
      '"a, row 3",far,O,0.952574',
    ],
  ],
])("tagged words as %s; a word that no token stands for has no tag", (format, lines) => {
  const expected = lines.map((line) => `${line}\n`).join("");
  const head = { kind: "token-classification", labels: ["O", "B"] } as const;
  expect(taggedText({ head, examples, ...result }, format)).toBe(expected);
});

test("a column holds as many words as were given: one without a letter is _, a break in one is a space", () => {
  const head = { kind: "token-classification", labels: ["O", "B"] } as const;
  const odd = [{ first: "", words: ["", "a\nb", " "], origin: "a, row 1" }];
  const answers = { logits: Float32Array.of(0, 2), words: [[1]] };
  expect(taggedText({ head, examples: odd, ...answers }, "conll")).toBe("_\t_\na b\tB\n_\t_\n");
});

test("tagged words are written as the file is called, else as the data are", () => {
  expect(taggedFormat("out.csv", "in.conll")).toBe("csv");
  expect(taggedFormat("out.CSV", "in.conll")).toBe("csv");
  expect(taggedFormat("out.jsonl", "in.conll")).toBe("jsonl");
  expect(taggedFormat(undefined, "in.conll")).toBe("conll");
  expect(taggedFormat(undefined, "folder")).toBe("jsonl");
  expect(() => taggedFormat("out.parquet", "in.conll")).toThrow(
    "--out out.parquet: expected a name that ends in .conll, .jsonl or .csv, found .parquet.",
  );
  expect(() => taggedFormat("out.tsv", "in.conll")).toThrow("found .tsv.");
});

test("types of entities stand in columns", () => {
  const types = { PERSON: { precision: 0.5, support: 1200 }, X: { precision: 1, support: 3 } };
  expect(typesTable(types).split("\n")).toEqual([
    "          precision  support",
    "  PERSON     0.5000     1200",
    "  X          1.0000        3",
  ]);
});

test("data choose the task that recognizes them, else the one that takes any", async () => {
  writeFileSync(at("texts.csv"), "text,label\na,b\n");
  expect(await ownDataTask(at("orders.conll"), registry)).toBe("tokens");
  expect(await ownDataTask(at("texts.csv"), registry)).toBe("classify");
  expect(await ownDataTask(at("absent.csv"), registry)).toBe("classify");
  await expect(ownDataTask(at("orders.conll"), createRegistry([]))).rejects.toThrow(
    `${at("orders.conll")}: expected one task that learns from these data, found none. Name it with --task.`,
  );
});
