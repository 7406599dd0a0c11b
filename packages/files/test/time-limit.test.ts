import { InvalidInputError } from "@blora/spec";
import { expect, it } from "vitest";
import { createTimeLimit } from "../src/index.ts";

const limit = createTimeLimit(200, "The pattern of a file");

it("gives what a function gives, and passes what it throws", () => {
  expect(limit(() => "result")).toBe("result");
  const error = new InvalidInputError("of its own");
  expect(() =>
    limit(() => {
      throw error;
    }),
  ).toThrow(error);
});

it.each([
  [
    "a loop",
    () => {
      for (;;);
    },
  ],
  [
    "a loop that catches everything",
    () => {
      for (;;) {
        try {
          for (;;);
        } catch {}
      }
    },
  ],
  ["a regular expression", () => /^(a+)+$/.test(`${"a".repeat(60)}!`)],
])("ends %s that never does with an error that says whose it was, and can be used again", (_, work) => {
  expect(() => limit(work)).toThrow("The pattern of a file takes longer than 0.2 s: expected it to end.");
  expect(limit(() => 1)).toBe(1);
});
