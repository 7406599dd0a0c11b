import { InvalidInputError } from "@blora/spec";
import { describe, expect, test } from "vitest";
import { readRecords, readTable } from "../src/index.ts";
import { fileOf } from "./folder.ts";

describe("JSONL reader", () => {
  test("reads an object a line: CRLF, byte order mark, line separators inside, no newline at the end", async () => {
    const file = fileOf("train.jsonl", '\uFEFF{"a":1,"b":"x\u2028y"}\r\n{"b":null,"a":[2]}');
    expect(await readRecords(file)).toEqual([
      { origin: `${file}, row 1`, fields: { a: 1, b: "x\u2028y" } },
      { origin: `${file}, row 2`, fields: { b: null, a: [2] } },
    ]);
  });

  test.each([
    ["not json", "expected a JSON object, found not json."],
    ["[1]", "expected a JSON object, found [1]."],
    ["null", "expected a JSON object, found null."],
    [`"${"x".repeat(80)}"`, `expected a JSON object, found "${"x".repeat(59)}….`],
    ['{"a":1},', 'expected a JSON object, found {"a":1},. Lines have no comma between them.'],
    ["{", "expected a JSON object, found {. An object must be on one line: convert the file with jq -c ."],
    ['  "a": 1', 'expected a JSON object, found   "a": 1. An object must be on one line'],
    ['[{"a":1}]', 'found [{"a":1}]. For an array of objects let the file\'s name end in .json'],
    ["{'a': 1}", "found {'a': 1}. JSON has double quotes: write rows with json.dumps."],
    ['{"a":NaN}', "JSON has no NaN and no Infinity: write null, or leave the field out."],
    ['{"a":[1,-Infinity]}', "JSON has no NaN and no Infinity"],
    ["\0\0", "expected a JSON object, found \\u0000\\u0000."],
    ['{"a":{"b":["\\ud83d"]}}', "expected Unicode text, found half of a surrogate pair"],
    ['{"a":1,"a":2}', 'the key "a" occurs twice'],
    [`{"a":${"[".repeat(80)}${"]".repeat(80)}}`, "expected at most 64 levels of nesting, found more"],
  ])("refuses the line %s by file and row", async (line, message) => {
    const file = fileOf("train.jsonl", `{"a":1}\n${line}\n{"a":2}\n`);
    const reading = readRecords(file);
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toThrow(`${file}, row 2: `);
    await expect(reading).rejects.toSatisfy(InvalidInputError.isInstance);
  });

  test("reads columns of any name, which reach no prototype", async () => {
    const line = '{"constructor":"a","prototype":"b","__proto__":{"length":"c"}}';
    const file = fileOf("train.jsonl", `${line}\n{"constructor":"d"}\n`);
    const [first, second] = await readRecords(file);
    expect(Object.entries(first!.fields)).toEqual([
      ["constructor", "a"],
      ["prototype", "b"],
      ["__proto__", { length: "c" }],
    ]);
    expect("length" in first!.fields).toBe(false);
    expect(second!.fields.constructor).toBe("d");
    const { columns, rows } = await readTable(file);
    expect(columns).toEqual(["constructor", "prototype", "__proto__"]);
    expect(rows.map(({ cells }) => cells)).toEqual([
      ["a", "b", { length: "c" }],
      ["d", undefined, undefined],
    ]);
  });

  test("passes over blank lines and byte order marks inside, and counts them", async () => {
    const file = fileOf("train.jsonl", '{"a":1}\n\n \t\r\n\uFEFF{"a":"\\ud83d\\ude00 \\\\ud83d"}\n\n');
    expect(await readRecords(file, (_, line) => `line ${line}`)).toEqual([
      { origin: "line 1", fields: { a: 1 } },
      { origin: "line 4", fields: { a: "😀 \\ud83d" } },
    ]);
  });

  test("refuses lines that end with a carriage return alone, which would all be one", async () => {
    const file = fileOf("train.jsonl", '{"a":1}\r{"a":2}\r');
    await expect(readRecords(file)).rejects.toThrow(
      `${file}: expected lines that end with \\n or \\r\\n, found carriage`,
    );
    expect(await readRecords(fileOf("train.jsonl", '{"a":1}\r'))).toHaveLength(1);
  });

  test("names rows as the caller wants them named, in its own errors too", async () => {
    const file = fileOf("train.jsonl", '{"a":1}\n{"a"');
    await expect(readRecords(file, (_, line) => `train:${line}`)).rejects.toThrow(/^train:2: expected a JSON/);
  });
});

describe("a JSONL table", () => {
  test("has the keys of all objects for columns; what one lacks is absent", async () => {
    const file = fileOf("train.jsonl", '{"text":"a","toString":1}\n{"label":0,"text":"b"}\n');
    expect(await readTable(file)).toEqual({
      file,
      columns: ["text", "toString", "label"],
      rows: [
        { origin: `${file}, row 1`, cells: ["a", 1, undefined] },
        { origin: `${file}, row 2`, cells: ["b", undefined, 0] },
      ],
      shortRows: 0,
    });
  });

  test("is empty where the file is", async () => {
    expect(await readTable(fileOf("train.jsonl", ""))).toMatchObject({ columns: [], rows: [] });
  });
});
