import { truncateSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { InvalidInputError } from "@blora/spec";
import { describe, expect, test } from "vitest";
import { readTable } from "../src/index.ts";
import { fileOf } from "./folder.ts";

const TEXTS = {
  csv: "text,label\ngood é,1\n",
  tsv: "text\tlabel\ngood é\t1\n",
  jsonl: '{"text":"good é","label":"1"}\n',
} as const;
const FORMATS = Object.keys(TEXTS) as (keyof typeof TEXTS)[];

describe.each(FORMATS)("%s", (format) => {
  test("is read gzipped as it is read plain", async () => {
    for (const file of [
      fileOf(`train.${format}`, TEXTS[format]),
      fileOf(`train.${format}.gz`, gzipSync(`\uFEFF${TEXTS[format]}`)),
    ]) {
      const { columns, rows } = await readTable(file);
      expect(columns).toEqual(["text", "label"]);
      expect(rows.map(({ cells }) => cells)).toEqual([["good é", "1"]]);
      expect(rows[0]!.origin).toBe(`${file}, row ${format === "jsonl" ? 1 : 2}`);
    }
  });

  test("names the line that is not UTF-8, gzipped or not", async () => {
    const bytes = Buffer.concat([Buffer.from(TEXTS[format]), Buffer.from(TEXTS[format], "latin1")]);
    const line = format === "jsonl" ? 2 : 4;
    for (const file of [fileOf(`train.${format}`, bytes), fileOf(`train.${format}.gz`, gzipSync(bytes))]) {
      const reading = readTable(file);
      await expect(reading).rejects.toThrow(`${file}, line ${line}: expected UTF-8 text, found bytes that are not`);
      await expect(reading).rejects.toSatisfy(InvalidInputError.isInstance);
    }
  });

  test("names a file in UTF-16, and how to convert it", async () => {
    const file = fileOf(`train.${format}`, Buffer.from(`\uFEFF${TEXTS[format]}`, "utf16le"));
    await expect(readTable(file)).rejects.toThrow(
      /, line 1: expected UTF-8 text, found UTF-16\. Convert it with iconv/,
    );
  });

  test("names a file that is gzipped and not called so", async () => {
    const file = fileOf(`train.${format}`, gzipSync(TEXTS[format]));
    await expect(readTable(file)).rejects.toThrow(
      `${file}: expected text, found gzipped bytes. Let the file's name end in .gz`,
    );
  });

  test("names a file that is not gzipped, cut short, too long or absent", async () => {
    const plain = fileOf(`train.${format}.gz`, TEXTS[format]);
    await expect(readTable(plain)).rejects.toThrow(`${plain}: expected a file of gzipped text, `);
    const cut = fileOf(`train.${format}.gz`, gzipSync(TEXTS[format]).subarray(0, 20));
    await expect(readTable(cut)).rejects.toThrow(`${cut}: expected a file of gzipped text, `);
    const long = fileOf(`train.${format}`, "");
    truncateSync(long, 2 ** 31);
    await expect(readTable(long)).rejects.toThrow(/at most \d+ bytes, found 2147483648 bytes; cut it into shards\.$/);
    await expect(readTable(`/absent/train.${format}`)).rejects.toThrow(/^\/absent\/train\..*: expected a file of text/);
  });
});

test("a name that is not one of a data file says which are", async () => {
  for (const name of ["train.txt", "train.parquet.gz", "train", ".csv"]) {
    await expect(readTable(name)).rejects.toThrow(
      `${name}: expected the name of a csv, tsv, jsonl, json or parquet file.`,
    );
  }
});

test("a name of a packed file, or of another program's, says what to do", async () => {
  const expected = "expected the name of a csv, tsv, jsonl, json or parquet file.";
  await expect(readTable("rows.csv.zst")).rejects.toThrow(
    `rows.csv.zst: ${expected} Unpack it first: gzip alone is read as it is.`,
  );
  await expect(readTable("rows.XLSX")).rejects.toThrow(
    `rows.XLSX: ${expected} Convert it, such as with pandas to parquet or csv.`,
  );
});
