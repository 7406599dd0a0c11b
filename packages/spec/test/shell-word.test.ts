import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { shellWord } from "../src/index.ts";

describe("a word of a command", () => {
  test.each(["runs/a-1", "@me/model", "hub:me/x", "50%"])("leaves %j as it is", (word) => {
    expect(shellWord(word)).toBe(word);
  });

  test.each([
    ...["", "a b", "it's", "#x", "$HOME", "~/x", "a\nb", "`id`", "grün", "a;b", '"', "\\", "a!b", "5 % x"],
    ...["C:\\my runs\\a", "C:\\a b\\", "\\\\host\\a b", "a \\$b", "a \\`b"],
  ])("is %j again in a shell", (word) => {
    const read = execFileSync("sh", ["-c", `printf %s ${shellWord(word)}`], { encoding: "utf8" });
    expect(read).toBe(word);
  });

  test.each(["my rows.csv", "it's.csv", "C:\\my runs\\a", "grün"])(
    "has %j in the quotes that Windows knows",
    (word) => {
      expect(shellWord(word)).toBe(`"${word}"`);
    },
  );
});
