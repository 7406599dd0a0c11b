import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseTsv, readTsv } from "../src/read-tsv.ts";

async function fileWith(content: string | Uint8Array): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), "glue-")), "train.tsv");
  await writeFile(file, content);
  return file;
}

describe("TSV reader", () => {
  test("gives back any cells without tabs and newlines", () => {
    const cell = fc.string({ unit: "binary" }).map((text) => text.replace(/[\t\n\r]/g, " "));
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell)), (rows) => {
        const text = ["a\tb\tc", ...rows.map((cells) => cells.join("\t"))].map((line) => `${line}\n`).join("");
        const table = parseTsv("x.tsv", text);
        expect(table.columns).toEqual(["a", "b", "c"]);
        expect(table.rows.map(({ cells }) => cells)).toEqual(rows);
        expect(table.rows.map(({ number }) => number)).toEqual(rows.map((_, index) => index + 2));
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

  test("keeps U+2028, a lone carriage return, U+0085 and NUL inside a cell (row 36)", () => {
    const sentence = "a\u2028b\rc\u0085d\0e";
    expect(parseTsv("x.tsv", `s\tl\n${sentence}\t1\n`).rows[0]!.cells).toEqual([sentence, "1"]);
  });

  test("reads a byte order mark and CRLF as if they were not there (row 36)", async () => {
    const table = await readTsv(await fileWith("\uFEFFsentence\tlabel\r\ngood\t1\r\n"));
    expect(table.columns).toEqual(["sentence", "label"]);
    expect(table.rows).toEqual([{ number: 2, cells: ["good", "1"] }]);
  });

  test("needs no newline at the end", () => {
    expect(parseTsv("x.tsv", "s\tl\na\t1").rows).toHaveLength(1);
  });

  test("refuses a ragged row by its number (row 35)", () => {
    expect(() => parseTsv("CoLA/dev.tsv", "s\tl\na\t1\nb\n")).toThrow(
      "CoLA/dev.tsv, row 3: expected 2 tab-separated cells (s, l), found 1.",
    );
    expect(() => parseTsv("x.tsv", "s\tl\na\t1\t2\n", { skipShortRows: true })).toThrow("row 2: expected 2");
    expect(() => parseTsv("x.tsv", "s\tl\n\n")).toThrow("row 2");
  });

  test("counts the short rows it is allowed to skip", () => {
    const table = parseTsv("x.tsv", "s\tl\na\t1\nb\nc\t0\n", { skipShortRows: true });
    expect(table.rows.map(({ number }) => number)).toEqual([2, 4]);
    expect(table.shortRows).toBe(1);
  });

  test("refuses other encodings", async () => {
    await expect(readTsv(await fileWith(Buffer.from("\uFEFFs\tl\n", "utf16le")))).rejects.toThrow("found UTF-16");
    await expect(readTsv(await fileWith(Uint8Array.of(0x63, 0x61, 0x66, 0xe9, 0x0a)))).rejects.toThrow("not UTF-8");
  });
});
