import { InvalidInputError } from "@blora/spec";
import { describe, expect, test } from "vitest";
import { readJsonl, readTable } from "../src/index.ts";
import { fileOf } from "./folder.ts";

describe("JSONL reader", () => {
  test("reads an object a line: CRLF, byte order mark, line separators inside, no newline at the end", async () => {
    const file = fileOf("train.jsonl", '\uFEFF{"a":1,"b":"x\u2028y"}\r\n{"b":null,"a":[2]}');
    expect(await readJsonl(file)).toEqual([
      { origin: `${file}, row 1`, fields: { a: 1, b: "x\u2028y" }, excerpt: '{"a":1,"b":"x\u2028y"}' },
      { origin: `${file}, row 2`, fields: { b: null, a: [2] }, excerpt: '{"b":null,"a":[2]}' },
    ]);
  });

  test.each([
    ["not json", "expected a JSON object, found not json."],
    ["[1]", "expected a JSON object, found [1]."],
    ["null", "expected a JSON object, found null."],
    [`"${"x".repeat(80)}"`, `expected a JSON object, found "${"x".repeat(59)}….`],
    ["", "expected a JSON object, found an empty line."],
    ['{"a":1,"a":2}', 'the key "a" occurs twice'],
    [`{"a":${"[".repeat(80)}${"]".repeat(80)}}`, "expected at most 64 levels of nesting, found more"],
  ])("refuses the line %s by file and row", async (line, message) => {
    const file = fileOf("train.jsonl", `{"a":1}\n${line}\n{"a":2}\n`);
    const reading = readJsonl(file);
    await expect(reading).rejects.toThrow(`${file}, row 2: ${message}`);
    await expect(reading).rejects.toSatisfy(InvalidInputError.isInstance);
  });

  test("reads columns of any name, which reach no prototype", async () => {
    const line = '{"constructor":"a","prototype":"b","__proto__":{"length":"c"}}';
    const file = fileOf("train.jsonl", `${line}\n{"constructor":"d"}\n`);
    const [first, second] = await readJsonl(file);
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

  test("passes over blank lines only where it is told to, and counts them", async () => {
    const file = fileOf("train.jsonl", '{"a":1}\n\n \t\r\n{"a":2}\n');
    const rows = await readJsonl(file, { skipBlankLines: true, origin: (_, line) => `line ${line}` });
    expect(rows.map(({ origin, fields }) => [origin, fields.a])).toEqual([
      ["line 1", 1],
      ["line 4", 2],
    ]);
    await expect(readJsonl(file)).rejects.toThrow("row 2: expected a JSON object, found an empty line.");
  });

  test("names rows as the caller wants them named, in its own errors too", async () => {
    const file = fileOf("train.jsonl", '{"a":1}\n{"a"');
    await expect(readJsonl(file, { origin: (_, line) => `train:${line}` })).rejects.toThrow(
      /^train:2: expected a JSON/,
    );
  });
});

describe("a JSONL table", () => {
  test("has the first object's keys for columns; what a later one lacks is absent", async () => {
    const file = fileOf("train.jsonl", '{"text":"a","toString":1}\n{"label":0,"text":"b"}\n');
    expect(await readTable(file)).toEqual({
      file,
      columns: ["text", "toString"],
      rows: [
        { origin: `${file}, row 1`, cells: ["a", 1] },
        { origin: `${file}, row 2`, cells: ["b", undefined] },
      ],
      shortRows: 0,
    });
  });

  test("is empty where the file is", async () => {
    expect(await readTable(fileOf("train.jsonl", ""))).toMatchObject({ columns: [], rows: [] });
  });
});
