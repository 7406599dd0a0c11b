import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCsv } from "../src/csv.ts";
import { readTable } from "../src/index.ts";
import { fileOf } from "./folder.ts";

const cellsOf = (text: string, columns: number) =>
  parseCsv("x.csv", text, { columns: Array.from({ length: columns }, (_, index) => `c${index}`) }).rows.map(
    ({ cells }) => cells,
  );

describe("CSV reader", () => {
  // What list(csv.reader(io.StringIO(text, newline=""))) of Python 3.11 gives, without the empty rows of empty lines.
  test.each<[string, string[][]]>([
    ['a"b,c\n', [['a"b', "c"]]],
    [
      'x,5" disc\n"a\r\nb",d\n',
      [
        ["x", '5" disc'],
        ["a\r\nb", "d"],
      ],
    ],
    ['"a"b,c\n', [["ab", "c"]]],
    ['"a""b"c"d",e\n', [['a"bc"d"', "e"]]],
    ['"a" ,c\n', [["a ", "c"]]],
    ['a, "b"\n', [["a", ' "b"']]],
    ['"a, b","c ""d"""\n', [["a, b", 'c "d"']]],
    ['"",""\n', [["", ""]]],
    ['a,""""\n', [["a", '"']]],
    [",\n", [["", ""]]],
    ["a,", [["a", ""]]],
    [
      "a,b\r\nc,d\ne,f\rg,h",
      [
        ["a", "b"],
        ["c", "d"],
        ["e", "f"],
        ["g", "h"],
      ],
    ],
    [
      "\n\na,b\n\r\n\nc,d\n\n",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    ["a,b", [["a", "b"]]],
    ["\u2028,\u0085\0\n", [["\u2028", "\u0085\0"]]],
  ])("reads %j as Python's csv module does", (text, expected) => {
    expect(cellsOf(text, 2)).toEqual(expected);
  });

  test("keeps a quoted empty cell that is a whole line, unlike an empty line", () => {
    expect(cellsOf('""\n\na\n', 1)).toEqual([[""], ["a"]]);
  });

  test("reads back whatever was quoted", () => {
    const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
    const row = fc.array(fc.string({ unit: "binary" }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        const text = rows.map((cells) => `${cells.map(quoted).join(",")}\n`).join("");
        expect(cellsOf(text, 3)).toEqual(rows);
      }),
    );
  });

  test("takes columns from a header, a byte order mark before it or not", async () => {
    for (const mark of ["", "\uFEFF"]) {
      const file = fileOf("train.csv", `${mark}"text",label\r\n"a\nb",1\r\nc,0`);
      const { columns, rows } = await readTable(file);
      expect(columns).toEqual(["text", "label"]);
      expect(rows).toEqual([
        { origin: `${file}, row 2`, cells: ["a\nb", "1"] },
        { origin: `${file}, row 3`, cells: ["c", "0"] },
      ]);
    }
  });

  test("takes every cell for text", () => {
    expect(cellsOf("007,0.50,None,N/A,\n", 5)).toEqual([["007", "0.50", "None", "N/A", ""]]);
  });

  test("counts records, not lines, and refuses a ragged one by its number", () => {
    expect(() => parseCsv("x.csv", 'a,b\n"1\n2",3\n4\n')).toThrow("x.csv, row 3: expected 2 cells (a, b), found 1.");
    expect(() => parseCsv("x.csv", "a,b\n1,2,3\n")).toThrow("x.csv, row 2: expected 2 cells (a, b), found 3.");
    expect(parseCsv("x.csv", "a,b\n1\n2,3\n", { skipShortRows: true })).toMatchObject({
      shortRows: 1,
      rows: [{ origin: "x.csv, row 3" }],
    });
  });

  test("refuses an open quote, which Python would take for text up to the end", () => {
    const message = "x.csv: expected comma-separated values, found a quote in row 2 that nothing closes.";
    expect(() => parseCsv("x.csv", 'a,b\n1,"2\n3,4\n')).toThrow(message);
    expect(() => parseCsv("x.csv", 'a,b\n1,"2""')).toThrow(message);
  });

  test("refuses a quote that one of a later row closes: the rows between would be one text", () => {
    const message =
      "x.csv: expected comma-separated values, found a quote in row 2 that is closed lines later, within a text.";
    expect(() => parseCsv("x.csv", 'a,b\n"Great,1\nbad,2\n"Poor" they said,3\n')).toThrow(message);
    expect(() => parseCsv("x.csv", 'a,b\r"Great,1\r"Poor,3\r')).toThrow(message);
    expect(cellsOf('"a\nb" ,c\n"d" e,f\n', 2)).toEqual([
      ["a\nb ", "c"],
      ["d e", "f"],
    ]);
  });

  test("may have several columns without a name, as Excel leaves them, but no name twice", () => {
    const { columns, rows } = parseCsv("x.csv", "a,b,,\n1,2,,\n");
    expect([columns, rows[0]!.cells]).toEqual([
      ["a", "b", "", ""],
      ["1", "2", "", ""],
    ]);
    expect(() => parseCsv("x.csv", "a,b,a\n1,2,3\n")).toThrow(
      'x.csv: expected columns with a name each, found "a" twice.',
    );
  });

  test("refuses quotes behind a backslash, which end a cell or join it with the next ones", () => {
    const message = (row: number) =>
      `x.csv: expected quotes inside a cell to be doubled, found \\" in row ${row}. Write "" for it`;
    expect(() => parseCsv("x.csv", 'a,b\n"he said \\"no\\" once",1\n')).toThrow(message(2));
    expect(() => parseCsv("x.csv", 'a,b\n"no\\"",1\n"yes",2\n')).toThrow(message(2));
    expect(() => parseCsv("x.csv", 'a,b\nc,1\n"\\"no\\" he said",1\n')).toThrow(message(3));
    expect(cellsOf('"C:\\","a\\""b"\n', 2)).toEqual([["C:\\", 'a\\"b']]);
  });

  test("refuses a column in which a blank stands before every quote, and takes a single one for text", () => {
    expect(() => parseCsv("x.csv", 'a, b\n"1", "2"\n"3", "4"\n')).toThrow(
      'x.csv: expected quotes right after the comma, found a blank before them in column " b"',
    );
    expect(parseCsv("x.csv", 'a,b\n1, "2"\n3,4\n').rows[0]!.cells).toEqual(["1", ' "2"']);
  });

  test("refuses the names of the columns in the middle of a file, where several were joined", () => {
    expect(() => parseCsv("x.csv", "a,b\n1,2\na,b\n3,4\n")).toThrow(
      "x.csv, row 3: expected a row, found the names of the columns again.",
    );
    expect(parseCsv("x.csv", "a,b\na,c\n").rows).toHaveLength(1);
    expect(parseCsv("x.csv", "a\nb\na\n").rows).toHaveLength(2);
  });

  test("has neither columns nor rows where a file is empty", () => {
    expect(parseCsv("x.csv", "")).toEqual({ file: "x.csv", columns: [], rows: [], shortRows: 0 });
  });
});
