import { posix, win32 } from "node:path";
import { expect, test } from "vitest";
import { slashed } from "../src/shards/slashed.ts";

test("files of a folder have the same names on every system", () => {
  const below = ({ relative, sep }: typeof posix, folder: string, file: string) => slashed(relative(folder, file), sep);
  expect(below(posix, "/data", "/data/train/0.csv")).toBe("train/0.csv");
  expect(below(win32, "C:\\data", "C:\\data\\train\\0.csv")).toBe("train/0.csv");
  expect(below(posix, "/data", "/data/a\\b.csv")).toBe("a\\b.csv");
});
