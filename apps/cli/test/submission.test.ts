import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { blora, requireBuild } from "./run-blora.ts";

let folder = "";
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  requireBuild();
  folder = mkdtempSync(join(tmpdir(), "blora-submission-"));
  const rows = (count: number, labelled: boolean) =>
    Array.from({ length: count }, (_, row) => {
      const pair = { premise: `A dog ran ${row} times.`, hypothesis: "A dog ran." };
      return `${JSON.stringify({ ...pair, label: labelled ? row % 3 : -1 })}\n`;
    }).join("");
  for (const name of ["MNLI", "AX"]) mkdirSync(at(name));
  for (const name of ["train", "validation_matched", "validation_mismatched"])
    writeFileSync(at(`MNLI/${name}.jsonl`), rows(6, true));
  writeFileSync(at("MNLI/test_matched.jsonl"), rows(3, false));
  writeFileSync(at("MNLI/test_mismatched.jsonl"), rows(2, false));
  writeFileSync(at("AX/test.jsonl"), rows(4, false));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("an adapter of MNLI writes the files of both test splits and of the diagnostic set", async () => {
  const fast = ["--threads", "1", "--method", "lora", "--set", "maxSteps=2", "--set", "evalSteps=2"];
  expect((await blora(["train", "--task", "mnli", "--data", folder, "--out", at("run"), ...fast])).status).toBe(0);
  const predict = ["predict", at("run"), "--data", folder, "--threads", "1", "--submission"];
  const written = await blora([...predict, "--out", at("sub")]);
  expect([written.status, written.stdout]).toEqual([
    0,
    `5 rows in ${at("sub/MNLI-m.tsv")} and ${at("sub/MNLI-mm.tsv")}\n`,
  ]);
  expect(written.stderr).toContain("test_matched has 3 rows; the official split has 9796.");
  expect((await blora([...predict, "--task", "ax", "--out", at("sub")])).status).toBe(0);
  expect(readdirSync(at("sub")).sort()).toEqual(["AX.tsv", "MNLI-m.tsv", "MNLI-mm.tsv"]);
  for (const [name, rows] of Object.entries({ "MNLI-m.tsv": 3, "MNLI-mm.tsv": 2, "AX.tsv": 4 })) {
    const [head, ...lines] = readFileSync(at(`sub/${name}`), "utf8")
      .trimEnd()
      .split("\n");
    expect([head, lines.length]).toEqual(["index\tprediction", rows]);
    for (const [row, line] of lines.entries())
      expect(line).toMatch(new RegExp(`^${row}\t(entailment|neutral|contradiction)$`));
  }

  const again = await blora([...predict, "--out", at("sub")]);
  expect([again.status, again.stderr.trim()]).toEqual([
    1,
    `blora: ${at("sub/MNLI-m.tsv")}: expected a file that is not there yet, found one. Nothing was written.`,
  ]);
  const other = await blora([...predict, "--split", "test", "--out", at("other")]);
  expect([other.status, other.stderr.trim(), existsSync(at("other"))]).toEqual([
    2,
    "blora: --split test: expected test_matched or test_mismatched for a submission of mnli.",
    false,
  ]);
}, 300_000);
