import { runInNewContext } from "node:vm";
import { InvalidInputError } from "@blora/spec";
import { expect, test } from "vitest";
import { keptCorpus } from "./corpus.ts";
import { countBlocks } from "./count-blocks.ts";
import { createCounters, watchCoverage } from "./coverage.ts";
import { faultOf } from "./laws.ts";
import { mutate } from "./mutate.ts";
import { randomNumbers } from "./random.ts";
import { runChild, type StoredFind } from "./run-child.ts";
import type { Place, Target } from "./target.ts";
import { targets } from "./targets/index.ts";

const place: Place = { folder: "", at: (name) => name, write: (name) => name };
const planted = (read: Target["read"]): Target => ({
  name: "planted",
  names: "a.bin",
  tried: 1,
  seeds: () => [],
  read,
});
const refuse = (error: Error) => (): never => {
  throw error;
};

test.each<[string, Target["read"], string | undefined]>([
  ["an error of ours that names the file", refuse(new InvalidInputError("a.bin: expected 1, found 2")), undefined],
  ["an error of ours that names none", refuse(new InvalidInputError("expected 1, found 2")), "error"],
  ["an error of ours around a stumble", refuse(new InvalidInputError("a.bin: x is not a function")), "error"],
  ["an error of the language", refuse(new TypeError("a.bin")), "error"],
  ["a promise of one", () => Promise.reject(new RangeError("a.bin")), "error"],
  ["a hundred megabytes", () => new Uint8Array(100_000_000), "memory"],
  ["nothing", () => undefined, undefined],
])("of %s the laws say what is broken", async (_, read, law) => {
  expect((await faultOf(planted(read), Buffer.from("x"), place))?.law).toBe(law);
});

test("what a parser may not do is a fault, and was not done", async () => {
  const traps = (): string => "start a process";
  expect(
    (
      await faultOf(
        planted(() => undefined),
        Buffer.from("x"),
        place,
        traps,
      )
    )?.law,
  ).toBe("trap");
});

test("the same seed and number damage a file in the same way, others in others", () => {
  const material = { corpus: [Buffer.from('{"a":[1,2,{"b":"c"}]}')], words: ["word"], json: true };
  const input = (number: number): string => Buffer.from(mutate(material, randomNumbers(1, number))).toString("base64");
  const inputs = Array.from({ length: 200 }, (_, number) => input(number));
  expect(inputs).toEqual(Array.from({ length: 200 }, (_, number) => input(number)));
  expect(new Set(inputs).size).toBeGreaterThan(150);
});

test("code that counts its blocks does what it did", () => {
  const code = `
    const pick = (n) => n > 2 ? "many" : n || "none";
    function loop(n) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += i;
      switch (sum) { case 3: return "three"; default: }
      if (n) return sum; else return null;
    }
    JSON.stringify([pick(3), pick(0), loop(3), loop(2), loop(0)]);`;
  const bloraCounters = createCounters();
  expect(runInNewContext(countBlocks(code), { bloraCounters })).toBe('["many","none","three",1,null]');
  expect([...bloraCounters.counts.subarray(0, bloraCounters.size())]).toEqual([2, 1, 1, 1, 3, 5, 1, 2, 1, 1]);
});

test("coverage is new where a block runs that never did, or twice as often", () => {
  const counters = createCounters();
  const coverage = watchCoverage(counters);
  const [first, second] = [counters.add(5), counters.add(3)];
  const ran = (counts: Uint8Array, block: number, times: number): boolean => {
    counts[block] = times;
    return coverage.isNew();
  };
  expect([ran(first, 4, 4), ran(first, 4, 4), ran(first, 4, 7), ran(first, 4, 8), ran(first, 4, 2)]).toEqual([
    ...[true, false, false, true, true],
  ]);
  expect([ran(second, 2, 4), ran(second, 2, 4), coverage.isNew()]).toEqual([true, false, false]);
});

test("damaged files end in one of our errors or are read, whatever they are", { timeout: 1_200_000 }, async () => {
  const finds: { name: string; find: StoredFind }[] = [];
  const read = new Map<string, number>();
  const chosen = targets.filter(({ tried }) => tried > 0);
  const jobs = chosen.map(({ name, tried }) => ({ name, start: 0, runs: tried, corpus: keptCorpus(name) }));
  await runChild({ seed: 1, jobs, guided: false }, (message) => {
    for (const find of message.finds) finds.push({ name: message.name, find });
    read.set(message.name, (read.get(message.name) ?? 0) + message.done);
  });
  expect(finds).toEqual([]);
  expect(Object.fromEntries(read)).toEqual(Object.fromEntries(chosen.map(({ name, tried }) => [name, tried])));
});
