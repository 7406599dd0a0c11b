import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { keepAnswers } from "../src/run/answer-store.ts";

const folder = mkdtempSync(join(tmpdir(), "blora-answers-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const SETTINGS = { rows: "a" };

/** Two parts kept for `name`, by a process that then dies. */
async function interrupted(name: string): Promise<{ readonly out: string; readonly file: string }> {
  const out = join(folder, name);
  const kept = await keepAnswers(out, [out]);
  const store = await kept.open("test", SETTINGS);
  expect(store.known).toEqual(new Map());
  store.append(0, Float32Array.of(1.5, -2));
  store.append(1, Float32Array.of(Math.fround(0.1)));
  await kept.close();
  return { out, file: join(folder, `.partial-${name}`, "test.jsonl") };
}

test("parts that are whole are known again, bit for bit, and more follow them", async () => {
  const { out, file } = await interrupted("whole.csv");
  const kept = await keepAnswers(out, [out]);
  const store = await kept.open("test", SETTINGS);
  expect(store.known).toEqual(
    new Map([
      [0, Float32Array.of(1.5, -2)],
      [1, Float32Array.of(Math.fround(0.1))],
    ]),
  );
  store.append(2, Float32Array.of(7));
  await kept.close();
  expect(
    readFileSync(file, "utf8")
      .split("\n")
      .slice(1, -1)
      .map((line) => JSON.parse(line).part),
  ).toEqual([0, 1, 2]);
  await (await keepAnswers(out, [out])).remove();
  expect(existsSync(join(folder, ".partial-whole.csv"))).toBe(false);
});

test.each<[string, (text: string) => string, number]>([
  ["a part that was cut off", (text) => text.slice(0, -3), 1],
  ["a part without its line end", (text) => text.slice(0, -1), 1],
  ["a part that is missing, and no other,", (text) => text.replace(/\{"part":0.*\n/, ""), 1],
  ["everything, where the first line was cut off", (text) => text.slice(0, 9), 0],
])("%s is answered again", async (name, change, known) => {
  const { out, file } = await interrupted(`${name}.csv`);
  writeFileSync(file, change(readFileSync(file, "utf8")));
  const kept = await keepAnswers(out, [out]);
  expect((await kept.open("test", SETTINGS)).known.size).toBe(known);
  await kept.close();
});

test("answers of shards are those of the whole, where they are of the same settings, and go with it", async () => {
  const out = join(folder, "shards.csv");
  for (const index of [0, 1, 2]) {
    const kept = await keepAnswers(out, [out], { index, count: 3 });
    const store = await kept.open("test", index === 2 ? { rows: "b" } : SETTINGS);
    store.append(index, Float32Array.of(index));
    await kept.close();
  }
  const kept = await keepAnswers(out, [out]);
  const { known } = await kept.open("test", SETTINGS);
  expect([...known]).toEqual([
    [0, Float32Array.of(0)],
    [1, Float32Array.of(1)],
  ]);
  await kept.remove();
  expect(readdirSync(folder).filter((name) => name.startsWith(".partial-shards"))).toEqual([]);
});

test("answers of other rows or settings are refused, with what to do, and stay", async () => {
  const { out, file } = await interrupted("other.csv");
  const before = readFileSync(file, "utf8");
  const kept = await keepAnswers(out, [out]);
  await expect(kept.open("test", { rows: "b" })).rejects.toThrow(
    `${out}: expected the prediction that was interrupted here, found another: other rows, weights or settings. Remove ${join(folder, ".partial-other.csv")} to begin anew, or name another --out.`,
  );
  await kept.close();
  expect(readFileSync(file, "utf8")).toBe(before);
});

test("a file that is there is refused, but for one whose prediction was not over", async () => {
  const out = join(folder, "there.csv");
  writeFileSync(out, "mine");
  await expect(keepAnswers(out, [out])).rejects.toThrow(`${out}: expected a file that is not there yet, found one.`);
  const { out: half } = await interrupted("half.csv");
  writeFileSync(half, "written before the end");
  await (await keepAnswers(half, [half])).close();
});

test("two processes never write the same answers", async () => {
  const out = join(folder, "both.csv");
  const first = await keepAnswers(out, [out]);
  await expect(keepAnswers(out, [out])).rejects.toThrow(/\.partial-both\.csv/);
  await first.close();
  expect(existsSync(join(folder, ".partial-both.csv"))).toBe(false);
});
