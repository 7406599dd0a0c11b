import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readTable } from "../src/index.ts";
import { parseTsv } from "../src/tsv.ts";
import { fileOf } from "./folder.ts";

describe("TSV reader", () => {
  test("gives back any cells without tabs and newlines", () => {
    const cell = fc.string({ unit: "binary" }).map((text) => text.replace(/[\t\n\r]/g, " "));
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell)), (rows) => {
        const text = ["a\tb\tc", ...rows.map((cells) => cells.join("\t"))].map((line) => `${line}\n`).join("");
        const table = parseTsv("x.tsv", text);
        expect(table.columns).toEqual(["a", "b", "c"]);
        expect(table.rows.map(({ cells }) => cells)).toEqual(rows);
        expect(table.rows.map(({ origin }) => origin)).toEqual(rows.map((_, index) => `x.tsv, row ${index + 2}`));
      }),
    );
  });

  test("takes quotes as plain characters (row 34)", () => {
    const { rows } = parseTsv("x.tsv", 's\tl\n"He said\t1\nnever" ever\t0\n');
    expect(rows.map(({ cells }) => cells)).toEqual([
      ['"He said', "1"],
      ['never" ever', "0"],
    ]);
  });

  test("refuses names in quotes, as R and QUOTE_ALL write them: texts and labels would keep theirs", () => {
    expect(() => parseTsv("x.tsv", '"text"\t"label"\n"a"\t"b"\n')).toThrow(
      'x.tsv: expected names of columns without quotes, found "text", "label". A quote is part of the text in a tsv file: write it without (quote = FALSE in R, quoting=csv.QUOTE_NONE in Python), or as csv.',
    );
  });

  test("keeps U+2028, a lone carriage return, U+0085 and NUL inside a cell (row 36)", () => {
    const sentence = "a\u2028b\rc\u0085d\0e";
    expect(parseTsv("x.tsv", `s\tl\n${sentence}\t1\n`).rows[0]!.cells).toEqual([sentence, "1"]);
  });

  test("reads a byte order mark and CRLF as if they were not there (row 36)", async () => {
    const file = fileOf("train.tsv", "\uFEFFsentence\tlabel\r\ngood\t1\r\n");
    const table = await readTable(file);
    expect(table.columns).toEqual(["sentence", "label"]);
    expect(table.rows).toEqual([{ origin: `${file}, row 2`, cells: ["good", "1"] }]);
  });

  test("needs no newline at the end", () => {
    expect(parseTsv("x.tsv", "s\tl\na\t1").rows).toHaveLength(1);
  });

  test("refuses a ragged row by its number (row 35)", () => {
    expect(() => parseTsv("CoLA/dev.tsv", "s\tl\na\t1\nb\n")).toThrow(
      "CoLA/dev.tsv, row 3: expected 2 tab-separated cells (s, l), found 1.",
    );
    expect(() => parseTsv("x.tsv", "s\tl\na\t1\t2\n", { skipShortRows: true })).toThrow("row 2: expected 2");
  });

  test("passes over blank lines and counts them; with one column they are empty cells", () => {
    const { columns, rows } = parseTsv("x.tsv", "\ns\tl\n\na\t1\n \n\t\nb\t0\n\n");
    expect(columns).toEqual(["s", "l"]);
    expect(rows).toEqual([
      { origin: "x.tsv, row 4", cells: ["a", "1"] },
      { origin: "x.tsv, row 6", cells: ["", ""] },
      { origin: "x.tsv, row 7", cells: ["b", "0"] },
    ]);
    expect(parseTsv("x.tsv", "s\tl\n\na\t1\n", { skipShortRows: true }).shortRows).toBe(0);
    expect(parseTsv("x.tsv", "s\n\na\n").rows.map(({ cells }) => cells)).toEqual([[""], ["a"]]);
  });

  test("refuses two columns of one name, and lines that end with a carriage return alone", () => {
    expect(() => parseTsv("x.tsv", "s\tl\ts\n")).toThrow('x.tsv: expected columns with a name each, found "s" twice.');
    expect(() => parseTsv("x.tsv", "s\tl\ra\t1\r")).toThrow("x.tsv: expected lines that end with \\n or \\r\\n");
  });

  test("counts the short rows it is allowed to skip", () => {
    const table = parseTsv("x.tsv", "s\tl\na\t1\nb\nc\t0\n", { skipShortRows: true });
    expect(table.rows.map(({ origin }) => origin)).toEqual(["x.tsv, row 2", "x.tsv, row 4"]);
    expect(table.shortRows).toBe(1);
  });

  test("counts from the first line where the columns are given", () => {
    const table = parseTsv("x.tsv", "a\t1\nb\t0\n", { columns: ["s", "l"] });
    expect(table.columns).toEqual(["s", "l"]);
    expect(table.rows[1]).toEqual({ origin: "x.tsv, row 2", cells: ["b", "0"] });
  });
});
