import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blora, type Finished, requireBuild } from "./run-blora.ts";

const CARD = "README.md";
const RECIPE = fileURLToPath(new URL("recipes/tiny.ts", import.meta.url));

/** SHA-256 of every file below a folder but the card, which names the folder. */
function digests(path: string): Record<string, string> {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() && entry.name !== CARD ? [join(entry.parentPath, entry.name)] : [],
  );
  const digest = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");
  return Object.fromEntries(files.sort().map((file) => [relative(path, file), digest(file)]));
}

describe("two commands that start at one moment", { timeout: 120_000 }, () => {
  let folder: string;
  let run: string;
  let trained: Finished[];
  const twice = (args: readonly string[]): Promise<Finished[]> => Promise.all([blora(args), blora(args)]);
  const errorsOf = ({ stderr }: Finished): string[] => stderr.split("\n").filter((line) => line.startsWith("blora: "));
  /** One that did it and one that was refused, whichever came first. */
  const sorted = (endings: readonly Finished[]): [done: Finished, refused: Finished] => {
    const [done, refused] = [...endings].sort((a, b) => a.status! - b.status!) as [Finished, Finished];
    expect([done.status, refused.status]).toEqual([0, 1]);
    expect(errorsOf(done)).toEqual([]);
    return [done, refused];
  };

  beforeAll(async () => {
    requireBuild();
    folder = mkdtempSync(join(tmpdir(), "blora-twice-"));
    run = join(folder, "run");
    trained = await twice(["train", "--config", RECIPE, "--out", run, "--threads", "1"]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("train one run: the other is refused by name, and the run is whole", async () => {
    const [, refused] = sorted(trained);
    expect(errorsOf(refused)).toEqual([
      expect.stringMatching(
        /^blora: Expected no other run in this folder, found one by process \d+ on .* Choose another/,
      ),
    ]);
    const files = readdirSync(run).filter((name) => !/^(checkpoint-|events\.|adapter-last$)/.test(name));
    expect(files.sort()).toEqual([
      ...["adapter", "answers.json", "blora-run.json", "ledger.json"],
      ...["metrics.jsonl", "report.html", "report.md", "summary.json"],
    ]);
    expect(JSON.parse(readFileSync(join(run, "summary.json"), "utf8")).steps).toBe(12);
  });

  test.each<[string, (out: string) => string[], RegExp]>([
    [
      "merge",
      (out) => ["--adapter", run, "--out", out],
      /expected a folder to write that is absent or empty, found files/,
    ],
    ["publish", (out) => [run, "--to", out], /expected a folder to write that is absent or empty, found files/],
    [
      "export",
      (out) => ["--adapter", run, "--out", out],
      /Expected no other run in this folder|expected nobody else to write/,
    ],
  ])("%s to one place: one is refused, and what is there is as one alone makes it", async (command, args, refusal) => {
    const out = join(folder, command);
    const alone = join(folder, "alone", command);
    const [, refused] = sorted(await twice([command, ...args(out)]));
    expect(errorsOf(refused)).toEqual([expect.stringMatching(refusal)]);
    mkdirSync(join(folder, "alone"), { recursive: true });
    expect((await blora([command, ...args(alone)])).status).toBe(0);
    expect(digests(out)).toEqual(digests(alone));
    expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
  });
});
