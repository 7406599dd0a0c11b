import { InvalidInputError } from "@blora/spec";
import { expect, test } from "vitest";
import { keptCorpus } from "./corpus.ts";
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
