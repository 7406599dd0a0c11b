import { expect, it } from "vitest";
import { parseTable } from "../src/web.ts";

const rows = [
  ["one", "a"],
  ["two", "b"],
];

it.each([
  ["rows.csv", 'text,label\n"one",a\ntwo,b\n'],
  ["folder/rows.tsv", "text\tlabel\none\ta\ntwo\tb\n"],
  ["C:\\folder\\rows.jsonl", '{"text":"one","label":"a"}\n\n{"text":"two","label":"b"}\n'],
  ["ROWS.CSV", "text,label\none,a\ntwo,b\n"],
  ["rows.ndjson", '{"text":"one","label":"a"}\n{"text":"two","label":"b"}\n'],
  ["rows.JSONLines", '{"text":"one","label":"a"}\n{"text":"two","label":"b"}\n'],
  ["rows.json", '[{"text":"one","label":"a"},\n{"text":"two","label":"b"}]'],
])("reads text by the name %s", (name, text) => {
  const table = parseTable(name, text);
  expect(table.columns).toEqual(["text", "label"]);
  expect(table.rows.map(({ cells }) => cells)).toEqual(rows);
});

it.each(["rows", "rows.parquet", "rows.txt"])("refuses the name %s", (name) => {
  expect(() => parseTable(name, "text")).toThrow(`${name}: expected the name of a csv, tsv, jsonl or json file.`);
});

it("tells a file whose cells stand apart by another sign than its name says", () => {
  for (const [name, text] of [
    ["rows.tsv", "text,label\na,b\n"],
    ["rows.csv", "text|label\na|b\n"],
    ["rows.csv", "text;label\na;b\n"],
  ] as const) {
    const [header] = text.split("\n");
    expect(() => parseTable(name, text)).toThrow(
      `${name}: expected several columns, found one called ${JSON.stringify(header)}. Separate them by commas in a csv file, or by tabs in a tsv file.`,
    );
  }
  expect(parseTable("rows.csv", '"text, or not"\na\n').columns).toEqual(["text, or not"]);
});
