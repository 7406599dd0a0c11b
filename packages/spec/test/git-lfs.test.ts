import { expect, test } from "vitest";
import { decodeText, parseStrictJson } from "../src/index.ts";

const pointer = new TextEncoder().encode("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
const told =
  'm/tokenizer.json is a git-lfs pointer, not the file itself. Run "git lfs pull" in its repository, or download the file.';

test("what git-lfs left in place of a file is called so, not damaged", () => {
  expect(() => parseStrictJson(pointer, { origin: "m/tokenizer.json" })).toThrow(told);
  expect(() => decodeText(pointer, "m/tokenizer.json")).toThrow(told);
});

test("a text that speaks of git-lfs is a text", () => {
  expect(decodeText(new TextEncoder().encode("a version https://git-lfs"), "a")).toBe("a version https://git-lfs");
});
