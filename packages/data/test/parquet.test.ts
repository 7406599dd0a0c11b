import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { parquetWriteFile } from "hyparquet-writer";
import { describe, expect, test } from "vitest";
import { readRecords, readTable, requireText } from "../src/index.ts";
import { boundedCompressors, requireModest } from "../src/parquet-limits.ts";
import { fileOf, folderOf } from "./folder.ts";

const columnData = [
  { name: "text", data: ["a", "b"], type: "STRING" as const },
  { name: "label", data: [0n, -1n], type: "INT64" as const },
  { name: "score", data: [3.75, 0], type: "FLOAT" as const },
];
const FIXTURE = fileURLToPath(new URL("../../../fixtures/mmlu/test-00000-of-00001.parquet", import.meta.url));

describe("parquet reader", () => {
  test("reads texts, int64 and floats, rows counted from 1", async () => {
    const filename = join(folderOf({}), "train.parquet");
    parquetWriteFile({ filename, columnData });
    expect(await readTable(filename)).toEqual({
      file: filename,
      columns: ["text", "label", "score"],
      rows: [
        { origin: `${filename}, row 1`, cells: ["a", 0n, 3.75] },
        { origin: `${filename}, row 2`, cells: ["b", -1n, 0] },
      ],
      classNames: new Map(),
      shortRows: 0,
    });
  });

  test("reads many columns in many groups one group after the other, rows in their order", async () => {
    const filename = join(folderOf({}), "train.parquet");
    const texts = Array.from({ length: 25 }, (_, row) => `row ${row}`);
    const numbers = texts.map((_, row) => row);
    const others = Array.from({ length: 150 }, (_, index) => ({
      ...{ name: `column ${index}`, data: numbers, type: "INT32" as const },
    }));
    const written = [{ name: "text", data: texts, type: "STRING" as const }, ...others];
    parquetWriteFile({ filename, columnData: written, rowGroupSize: 2 });
    const { rows } = await readTable(filename);
    expect(rows.map(({ cells }) => [cells[0], cells[150]])).toEqual(texts.map((text, row) => [text, row]));
    expect(rows[24]!.origin).toBe(`${filename}, row 25`);
  });

  test("takes groups and columns for no damage, however many there are", () => {
    const column = { meta_data: { num_values: 1n, total_uncompressed_size: 1n } };
    const groups = Array.from({ length: 300 }, () => ({ num_rows: 1n, columns: Array(700).fill(column) }));
    const metadata = { num_rows: 300n, row_groups: groups } as unknown as Parameters<typeof requireModest>[0];
    expect(() => requireModest(metadata, "a.parquet", 10 ** 7)).not.toThrow();
  });

  test("refuses columns of one name, of which only one could be read", async () => {
    const filename = join(folderOf({}), "train.parquet");
    parquetWriteFile({ filename, columnData: [...columnData, columnData[0]!] });
    await expect(readTable(filename)).rejects.toThrow(
      `${filename}: expected columns with a name each, found "text" twice.`,
    );
  });

  test("takes a column of lists for one column", async () => {
    const { columns, rows } = await readTable(FIXTURE);
    const cells = rows[1]!.cells;
    expect([...columns].sort()).toEqual(["answer", "choices", "question", "subject"]);
    expect(cells[columns.indexOf("choices")]).toEqual(["Mars", "007", "0.50", "The Sun"]);
  });

  test("keeps the class names that datasets stores", async () => {
    const filename = join(folderOf({}), "train.parquet");
    const classes = { names: ["no", "yes"], _type: "ClassLabel" };
    const features = {
      ...{ text: { dtype: "string" }, label: classes, other: null },
      ...{ tags: { feature: classes, _type: "List" }, older: [classes] },
    };
    const kvMetadata = [{ key: "huggingface", value: JSON.stringify({ info: { features } }) }];
    parquetWriteFile({ filename, columnData, kvMetadata });
    expect((await readTable(filename)).classNames).toEqual(
      new Map(["label", "tags", "older"].map((name) => [name, ["no", "yes"]])),
    );
  });

  test("keeps the class names of lists, as every version of datasets describes them", async () => {
    const filename = join(folderOf({}), "train.parquet");
    const classes = { names: ["no", "yes"], _type: "ClassLabel" };
    const features = { text: [classes], label: { feature: classes, _type: "Sequence" }, score: [{ dtype: "float32" }] };
    const kvMetadata = [{ key: "huggingface", value: JSON.stringify({ info: { features } }) }];
    parquetWriteFile({ filename, columnData, kvMetadata });
    expect((await readTable(filename)).classNames).toEqual(
      new Map([
        ["text", ["no", "yes"]],
        ["label", ["no", "yes"]],
      ]),
    );
  });

  test("refuses a file that unfolds to far more than it is, by what it says of itself and by what its pages do", async () => {
    const filename = join(folderOf({}), "train.parquet");
    const GZIP = (bytes: Uint8Array): Uint8Array => gzipSync(bytes, { level: 9 });
    const column = { name: "text", type: "STRING" as const };
    const packed = { codec: "GZIP", compressors: { GZIP } } as const;
    parquetWriteFile({ filename, columnData: [{ ...column, data: ["a".repeat(2 ** 26)] }], ...packed });
    const { size } = statSync(filename);
    expect(size).toBeLessThan(2 ** 17);
    await expect(readTable(filename)).rejects.toThrow(
      new RegExp(
        `^${filename}: expected parquet of at most ${Math.max(2 ** 24, 200 * size)} bytes of values, found 6710\\d{4} in a file of ${size} bytes\\. Write it with less`,
      ),
    );
    parquetWriteFile({ filename, columnData: [{ ...column, data: new Array(2 ** 21).fill("a") }] });
    const { size: short } = statSync(filename);
    await expect(readTable(filename)).rejects.toThrow(
      `${filename}: expected parquet of at most 1048576 rows, found 2097152 in a file of ${short} bytes.`,
    );
    // A page's own header may say something else than the file.
    const unpacked: number[] = [];
    const unpack = (_: Uint8Array, length: number): Uint8Array => {
      unpacked.push(length);
      return new Uint8Array(0);
    };
    const { GZIP: bounded } = boundedCompressors({ GZIP: unpack }, "a.parquet", 1000);
    bounded!(new Uint8Array(0), 2 ** 23);
    expect(() => bounded!(new Uint8Array(0), 2 ** 31)).toThrow(
      "a.parquet: expected parquet of at most 16777216 bytes of values, found 2155872256 in a file of 1000 bytes.",
    );
    expect(unpacked).toEqual([2 ** 23]);
  });

  test("believes no length of a list, and no number of values in a page, that the file has no bytes for", async () => {
    const damaged = "expected a parquet file. It is damaged, or cut short.";
    // A list (0x19) of 2²⁸ structures (0xfc) in the second field of the description.
    const bomb = Buffer.from([0x15, 2, 0x19, 0xfc, 0x80, 0x80, 0x80, 0x80, 1]);
    const length = Buffer.from([bomb.length, 0, 0, 0]);
    const description = fileOf(
      "train.parquet",
      Buffer.concat([Buffer.from("PAR1"), bomb, length, Buffer.from("PAR1")]),
    );
    await expect(readTable(description)).rejects.toThrow(`${description}: ${damaged}`);

    const filename = join(folderOf({}), "train.parquet");
    parquetWriteFile({ filename, columnData: [{ name: "text", type: "STRING", data: ["a good film", "a bad one"] }] });
    const whole = readFileSync(filename);
    // The first page's header begins behind PAR1 with its type and sizes: three numbers, a byte or two each.
    const list = Buffer.from(whole);
    bomb.copy(list, 4, 2);
    writeFileSync(filename, list);
    await expect(readTable(filename)).rejects.toThrow(`${filename}: ${damaged}`);
  });

  test("believes no run in a page that stands for more values than the file has bytes for", async () => {
    const filename = join(folderOf({}), "train.parquet");
    const column = { name: "text", type: "STRING" as const, data: ["a good film", null] };
    parquetWriteFile({ filename, columnData: [column], codec: "UNCOMPRESSED" });
    const bytes = readFileSync(filename);
    // Before the text and its length: that of two values the first is there.
    const levels = bytes.indexOf("a good film") - 4 - 2;
    expect([...bytes.subarray(levels, levels + 2)]).toEqual([3, 1]);
    // One run of 2²³ of them instead.
    Buffer.from([0x80, 0x80, 0x80, 8]).copy(bytes, levels);
    writeFileSync(filename, bytes);
    await expect(readTable(filename)).rejects.toThrow(
      `${filename}: expected parquet of at most 1048576 rows, found 8388608 in a run in a file of ${bytes.length} bytes.`,
    );
  });

  test("reads an honest file whose texts repeat", async () => {
    const filename = join(folderOf({}), "train.parquet");
    parquetWriteFile({
      filename,
      columnData: [{ name: "text", type: "STRING", data: new Array(2 ** 19).fill("a good film") }],
    });
    expect((await readTable(filename)).rows).toHaveLength(2 ** 19);
  });

  test("a column that is damaged as well as the list of columns is one error, not the end of the process", async () => {
    const damaged = join(folderOf({}), "train.parquet");
    parquetWriteFile({ filename: damaged, columnData });
    const bytes = readFileSync(damaged);
    bytes.fill(0xff, 8, 40);
    bytes.write("lacel", bytes.lastIndexOf("label"));
    writeFileSync(damaged, bytes);
    const rejected: unknown[] = [];
    const keep = (reason: unknown): number => rejected.push(reason);
    process.on("unhandledRejection", keep);
    try {
      await expect(readTable(damaged)).rejects.toThrow(`${damaged}: expected a parquet file`);
      // Files are read in the order of their requests: what is asked for now comes after the column.
      for (let reads = 0; reads < 20; reads++) await readTable(FIXTURE);
    } finally {
      process.off("unhandledRejection", keep);
    }
    expect(rejected).toEqual([]);
  });

  test("a file whose parts are not there is damaged, in our words", async () => {
    const damaged = fileOf("train.parquet", readFileSync(FIXTURE));
    const bytes = readFileSync(damaged);
    // The footer alone: no schema, no rows, no columns.
    const footer = Buffer.concat([
      bytes.subarray(0, 4),
      Buffer.from([0x15, 4, 0]),
      Buffer.from([3, 0, 0, 0]),
      bytes.subarray(-4),
    ]);
    writeFileSync(damaged, footer);
    await expect(readTable(damaged)).rejects.toThrow(
      `${damaged}: expected a parquet file. It is damaged, or cut short.`,
    );
  });

  test("names a file that is something else, is cut short or is not there", async () => {
    const pointer = fileOf("train.parquet", "version https://git-lfs.github.com/spec/v1\n");
    await expect(readTable(pointer)).rejects.toThrow(`${pointer} is a git-lfs pointer, not the file itself. `);
    const cut = fileOf("train.parquet", readFileSync(FIXTURE));
    truncateSync(cut, 200);
    await expect(readTable(cut)).rejects.toThrow(`${cut}: expected a parquet file. `);
    await expect(readTable("/absent/train.parquet")).rejects.toThrow(
      "/absent/train.parquet: expected a parquet file. ",
    );
  });
});

/** Written by pyarrow, see fixtures/make-parquet.py. */
const byPyarrow = (name: string): string => fileURLToPath(new URL(`fixtures/${name}.parquet`, import.meta.url));

describe("parquet files of pyarrow", () => {
  test("hold texts, dictionaries, numbers, decimals, times, lists, structs and maps, each with a null", async () => {
    const { columns, rows } = await readTable(byPyarrow("kinds"));
    const cells = Object.fromEntries(columns.map((name, at) => [name, rows.map((row) => row.cells[at])]));
    expect(cells).toEqual({
      text: ["é", "", null],
      large_text: ["a", "b", null],
      dictionary: ["yes", "yes", null],
      int8: [-1, 127, null],
      uint32: [0, 4294967295, null],
      int64: [-1n, 9007199254740993n, null],
      float16: [0.5, -2, null],
      float32: [0.5, -0.25, null],
      float64: [0.1, 1e300, null],
      bool: [true, false, null],
      decimal: [3.75, -0.01, null],
      date: [new Date("2020-02-29"), new Date("1969-12-31"), null],
      timestamp_ms: [new Date("2020-02-29T01:02:03.004Z"), new Date(0), null],
      timestamp_us: [new Date("2020-02-29T01:02:03Z"), new Date(0), null],
      list: [["a", "b"], [], undefined],
      list_of_lists: [[[1, 2], []], [], undefined],
      struct: [{ text: "a", n: 1 }, { text: null, n: 2 }, undefined],
      messages: [
        [
          { role: "user", content: "a" },
          { role: "assistant", content: null },
        ],
        [],
        undefined,
      ],
      map: [{ k: 1 }, {}, undefined],
      bytes: [Uint8Array.of(0, 255), "ab", null],
    });
  });

  test("may have a column of nulls alone, packed by LZ4", async () => {
    const { rows } = await readTable(byPyarrow("nulls-lz4"));
    expect(rows.map(({ cells }) => cells)).toEqual([
      ["a", null],
      ["b", null],
    ]);
  });

  test("hold decimals as they are written, however they are stored, and columns of any name", async () => {
    const { columns, rows } = await readTable(byPyarrow("decimals"));
    expect(columns).toEqual(["short", "long", "bytes", "__proto__"]);
    expect(rows.map(({ cells }) => cells)).toEqual([
      [3.3, 3.3, 3.3, "a"],
      [-4.56, -4.56, -4.56, "b"],
      [0.07, 0.07, 0.07, "c"],
    ]);
  });

  test("are records too, whose integers are numbers", async () => {
    const [first, second] = await readRecords(byPyarrow("kinds"));
    expect(first!.fields).toMatchObject({ int64: -1, struct: { text: "a", n: 1 }, list_of_lists: [[1, 2], []] });
    // A struct has the fields of any row.
    expect(second!.fields.struct).toEqual({ n: 2 });
    expect(first!.fields.messages).toEqual([{ role: "user", content: "a" }, { role: "assistant" }]);
  });

  test("say by row and column what is no text", async () => {
    const table = await readTable(byPyarrow("kinds"));
    const refused =
      (column: string, row = 0) =>
      () =>
        requireText(table, table.rows[row]!, table.columns.indexOf(column));
    const origin = `${byPyarrow("kinds")}, row`;
    expect(refused("bytes")).toThrow(
      `${origin} 1: expected text in column bytes, found 2 bytes that are no UTF-8 text.`,
    );
    expect(refused("struct")).toThrow(`${origin} 1: expected text in column struct, found {"text":"a","n":1}.`);
    expect(refused("text", 2)).toThrow(`${origin} 3: expected text in column text, found nothing.`);
  });

  test.each(["none", "snappy", "gzip", "zstd", "brotli", "lz4", "plain-v2"])(
    "are read whatever they are compressed by, over row groups: %s",
    async (kind) => {
      const { rows } = await readTable(byPyarrow(`rows-${kind}`));
      const expected = Array.from({ length: 300 }, (_, row) => [`row ${row % 7}`, BigInt(row % 3)]);
      expect(rows.map(({ cells }) => cells)).toEqual(expected);
    },
  );

  test("that are encoded in a way the reader does not know are named with it", async () => {
    await expect(readTable(byPyarrow("rows-delta"))).rejects.toThrow(
      `${byPyarrow("rows-delta")}: expected a parquet file that can be read; pyarrow writes one by pyarrow.parquet.write_table. parquet unsupported encoding: DELTA_BYTE_ARRAY`,
    );
  });
});
