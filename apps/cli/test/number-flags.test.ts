import { describe, expect, test } from "vitest";
import { createProgram } from "../src/program.ts";
import { printedRefusal } from "./printed-refusal.ts";
import { blora, requireBuild } from "./run-blora.ts";

/** Every flag that takes a number, and what it expects. */
const flags: readonly (readonly [command: string, flag: string, expected: string])[] = [
  ["train", "--seed", "a whole number from 0 to 4294967295"],
  ["train", "--threads", "a whole number above 0"],
  ["train", "--bops-target", "a number above 0"],
  ["eval", "--shots", "a whole number from 0"],
  ["eval", "--limit", "a whole number above 0"],
  ["sweep", "--threads", "a whole number above 0"],
  ["demo", "--steps", "a whole number above 0"],
  ["demo", "--seed", "a whole number from 0 to 4294967295"],
  ["bops", "--tokens", "a whole number above 0"],
  ["merge", "--max-shard-size", "a number above 0"],
  ["generate", "--max-new-tokens", "a whole number above 0"],
  ["generate", "--temperature", "a number from 0"],
  ["generate", "--top-p", "a number above 0 and at most 1"],
  ["generate", "--seed", "a whole number from 0 to 4294967295"],
  ["generate", "--threads", "a whole number above 0"],
];

describe.each(flags)("%s %s", (command, flag, expected) => {
  test.each(["abc", "", "-1", "NaN", "Infinity"])("refuses %j", async (text) => {
    const [line] = (await printedRefusal([command, `${flag}=${text}`])).split("\n");
    expect(line).toMatch(
      new RegExp(
        `^error: option '${flag} <.+>' argument '${text}' is invalid\\. Expected ${expected}, found "${text}"\\.$`,
      ),
    );
  });
});

test("eval refuses a folder for answers that its task does not keep", async () => {
  requireBuild();
  const { status, stderr } = await blora(["eval", "--task", "builtin", "--out", "nowhere"]);
  expect(status).toBe(1);
  expect(stderr).toBe(
    "blora: --out: expected for the answers of a benchmark such as mmlu, found the task builtin, whose scores are printed. Leave it out.\n",
  );
});

test("no flag reads numbers in another way", () => {
  const numeric = createProgram(() => {}).commands.flatMap((command) =>
    command.options
      .filter(({ parseArg, long }) => parseArg !== undefined && long !== "--set" && long !== "--plugin")
      .filter(({ parseArg }) => Number.isNaN(attempt(() => parseArg!("x", undefined))))
      .map(({ long }) => `${command.name()} ${long}`),
  );
  expect(numeric).toEqual([]);
});

function attempt(parse: () => unknown): unknown {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
