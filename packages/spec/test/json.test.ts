import { expect, it } from "vitest";
import { textOfJson } from "../src/index.ts";

it("gives any value of JSON as text, objects whose toString is a key of their own too", () => {
  expect(["a", 1.5, true, null, undefined].map(textOfJson)).toEqual(["a", "1.5", "true", "null", "undefined"]);
  expect(textOfJson([1, "b"])).toBe('[1,"b"]');
  expect(textOfJson(JSON.parse('{"toString":1,"valueOf":null}'))).toBe('{"toString":1,"valueOf":null}');
});
