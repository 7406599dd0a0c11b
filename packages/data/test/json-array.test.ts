import { InvalidInputError } from "@blora/spec";
import { describe, expect, test } from "vitest";
import { readRecords, readTable } from "../src/index.ts";
import { fileOf } from "./folder.ts";

const byLine = (_: string, line: number): string => `line ${line}`;
const read = (text: string) => readRecords(fileOf("train.json", text), byLine);

describe("a .json file", () => {
  test("is an array of objects, each called by the line it begins on", async () => {
    const text = '\uFEFF[\n  {"a": "], {\\"",\n   "b": [{}, {"c": 1}]},\n\n  {"a": "d"}, {"a": "e"}\n]\n';
    expect(await read(text)).toEqual([
      { origin: "line 2", fields: { a: '], {"', b: [{}, { c: 1 }] } },
      { origin: "line 5", fields: { a: "d" } },
      { origin: "line 5", fields: { a: "e" } },
    ]);
    expect(await read("[]")).toEqual([]);
  });

  test("may have an object on each line, as data sets often have", async () => {
    expect(await read('{"a":1}\n\n{"a":2}\n')).toEqual([
      { origin: "line 1", fields: { a: 1 } },
      { origin: "line 3", fields: { a: 2 } },
    ]);
  });

  test.each([
    '{"tokens":["a","b"],"tags":["O","O"]}',
    '{"messages":[{"role":"user","content":"a b"}],"data":[1]}',
    '{"data":"a b","label":{"0":1}}',
    '{"a":[{"b":"c d"},{}]}',
  ])("of the one row %s has that row", async (text) => {
    expect((await read(text)).map(({ fields }) => fields)).toEqual([JSON.parse(text)]);
  });

  test.each([
    ['[{"a":1},\n]', "line 2: expected an object beside the comma, found none."],
    ['[\n,{"a":1}]', "line 2: expected an object beside the comma, found none."],
    ['[{"a":1},\n7]', "line 2: expected a JSON object, found 7."],
    ['[{"a":1},\n{"a":2,"a":3}]', 'line 2: the key "a" occurs twice'],
    ['[{"a":1}\n{"a":2}]', "line 1: expected a JSON object, found"],
    ['[{"a":1},\n{"a":2}', "line 2: expected an array that ends with ], found none."],
    ['[{"a":1}]\n{"a":2}', "line 1: expected nothing after the array, found more."],
    [
      '{"data":[{"a":1},{"a":2}]}',
      "found one with all rows in its field data. Convert it: jq '.data' train.json > rows.json",
    ],
    [
      '{"version":1,\n"train":[{"a":1}]}',
      "found one with all rows in its field train. Convert it: jq '.train' train.json",
    ],
    ['{"rows":[{"row_idx":0,"row":{"a":1}}]}', "all rows in its field rows. Convert it: jq '[.rows[].row]' train.json"],
    ['{"text":["a b","c"],"label":[0,1]}', "found one with a column in each field. Convert it: jq '[keys_unsorted as"],
    [
      '{"a":{"0":"b","1":"c"},"d":{"0":1,"1":2}}',
      "found one with a column in each field. Convert it: jq '[keys_unsorted",
    ],
    [
      '{"x7":{"a":1},"x9":{"a":2}}',
      "found one with a row in each field. Convert it: jq '[.[]]' train.json > rows.json",
    ],
    ['{"columns":["a"],"index":[0],"data":[["b"]]}', "(orient=split). Convert it: jq '.columns as $names |"],
    ['{\n"train": []\n}', "line 1: expected a JSON object, found {. An object must be on one line"],
  ])("refuses %j by file and line", async (text, message) => {
    await expect(read(text)).rejects.toThrow(message);
    await expect(read(text)).rejects.toSatisfy(InvalidInputError.isInstance);
  });

  test("is a table too", async () => {
    const { columns, rows } = await readTable(fileOf("train.json", '[{"a":1},\n{"b":2}]'));
    expect(columns).toEqual(["a", "b"]);
    expect(rows.map(({ cells }) => cells)).toEqual([
      [1, undefined],
      [undefined, 2],
    ]);
  });
});
