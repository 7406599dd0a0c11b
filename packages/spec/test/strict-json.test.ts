import { describe, expect, it } from "vitest";
import { InvalidInputError, parseStrictJson, parseStrictJsonObject, type StrictJsonOptions } from "../src/index.ts";

const parse = (text: string, options: Partial<StrictJsonOptions> = {}) =>
  parseStrictJson(new TextEncoder().encode(text), { origin: "config.json", ...options });

describe("strict JSON", () => {
  it("is read as JSON.parse reads it", () => {
    const text = '{"a":[1,{"b":"\\"c\\\\"},null,true],"d\\u0065":{},"":-1.5e3}';
    expect(parse(text)).toEqual({ a: [1, { b: '"c\\' }, null, true], de: {}, "": -1500 });
  });

  it.each([
    ['{"a":1,"a":2}', 'config.json: the key "a" occurs twice'],
    ['{"a":1,"\\u0061":2}', 'config.json: the key "a" occurs twice'],
    ['[{"__proto__":1}]', 'config.json: the key "__proto__" is not allowed'],
    ['{"a":{"constructor":1}}', 'config.json: the key "constructor" is not allowed'],
    ['{"proto\\u0074ype":1}', 'config.json: the key "prototype" is not allowed'],
    ["[".repeat(100_000), "config.json: expected at most 64 levels of nesting, found more"],
    ["{", "config.json: expected JSON: "],
    ["\ufeff{}", "config.json: expected JSON: "],
  ])("refuses %.30s", (text, message) => {
    expect(() => parse(text)).toThrow(InvalidInputError);
    expect(() => parse(text)).toThrow(message);
  });

  it("reads Python's numbers where it is asked to, and leaves them in texts", () => {
    const text = '{"a":[NaN,Infinity,-Infinity],"NaN":"x\\"Infinity NaN"}';
    expect(() => parse(text)).toThrow("config.json: expected JSON: ");
    expect(parse(text, { ofPython: true })).toEqual({
      a: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
      NaN: 'x"Infinity NaN',
    });
    expect(() => parse('{"a":NaNa}', { ofPython: true })).toThrow("config.json: expected JSON: ");
  });

  it("allows one key in two objects, and names of prototype members as values", () => {
    expect(parse('[{"a":"constructor"},{"a":"a"}]')).toEqual([{ a: "constructor" }, { a: "a" }]);
  });

  it("takes any word of a vocabulary, once", () => {
    const vocabulary = parse('{"constructor":1,"__proto__":2}', { anyKeys: true }) as object;
    expect(Object.entries(vocabulary)).toEqual([
      ["constructor", 1],
      ["__proto__", 2],
    ]);
    expect(() => parse('{"a":1,"a":2}', { anyKeys: true })).toThrow('the key "a" occurs twice');
  });

  it("is UTF-8, and an object where one must be", () => {
    expect(() => parseStrictJson(Uint8Array.of(0x22, 0xff, 0x22), { origin: "x" })).toThrow("x: expected UTF-8 text");
    expect(() => parseStrictJsonObject(new TextEncoder().encode("[1]"), { origin: "x" })).toThrow(
      "x: expected a JSON object, found [1]",
    );
  });
});
