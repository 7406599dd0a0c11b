import { readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parquetWriteFile } from "hyparquet-writer";
import { describe, expect, test } from "vitest";
import { readTable } from "../src/index.ts";
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

  test("takes a column of lists for one column", async () => {
    const { columns, rows } = await readTable(FIXTURE);
    const cells = rows[1]!.cells;
    expect([...columns].sort()).toEqual(["answer", "choices", "question", "subject"]);
    expect(cells[columns.indexOf("choices")]).toEqual(["Mars", "007", "0.50", "The Sun"]);
  });

  test("keeps the class names that datasets stores", async () => {
    const filename = join(folderOf({}), "train.parquet");
    const features = { text: { dtype: "string" }, label: { names: ["no", "yes"], _type: "ClassLabel" }, other: null };
    const kvMetadata = [{ key: "huggingface", value: JSON.stringify({ info: { features } }) }];
    parquetWriteFile({ filename, columnData, kvMetadata });
    expect((await readTable(filename)).classNames).toEqual(new Map([["label", ["no", "yes"]]]));
  });

  test("names a file that is something else, is cut short or is not there", async () => {
    const pointer = fileOf("train.parquet", "version https://git-lfs.github.com/spec/v1\n");
    await expect(readTable(pointer)).rejects.toThrow(`${pointer}: expected a parquet file. `);
    const cut = fileOf("train.parquet", readFileSync(FIXTURE));
    truncateSync(cut, 200);
    await expect(readTable(cut)).rejects.toThrow(`${cut}: expected a parquet file. `);
    await expect(readTable("/absent/train.parquet")).rejects.toThrow(
      "/absent/train.parquet: expected a parquet file. ",
    );
  });
});
