import { describe, expect, it } from "vitest";
import { z } from "zod";
import { check, noOptions, PluginError, requireValid } from "../src/index.ts";

const schema = z.strictObject({
  rank: z.int().min(1).default(8),
  provider: z.string().optional(),
  phases: z.array(z.strictObject({ warmup: z.number() })).optional(),
});
const problems = (value: unknown) => {
  const checked = check(schema, value);
  return "problems" in checked ? checked.problems : [];
};

it("of a schema that answers later are none: it is refused, and what it says later is nobody's", async () => {
  const validate = () => Promise.reject(new Error("later"));
  const later = { "~standard": { version: 1, vendor: "test", validate } } as const;
  const rejected: unknown[] = [];
  const keep = (reason: unknown): number => rejected.push(reason);
  process.on("unhandledRejection", keep);
  try {
    expect(() => check(later, "a")).toThrow(PluginError);
    await new Promise((resolve) => setTimeout(resolve, 10));
  } finally {
    process.off("unhandledRejection", keep);
  }
  expect(rejected).toEqual([]);
});

describe("problems", () => {
  it("are none where a value is right, and defaults are filled in", () => {
    expect(check(schema, { provider: "cpu" })).toEqual({ value: { rank: 8, provider: "cpu" } });
  });

  it("name the key and what was found", () => {
    expect(problems({ rank: 0, provider: 3 })).toEqual([
      "rank: expected number to be >=1, found 0",
      "provider: expected string, found 3",
    ]);
    expect(problems({ rank: Number.NaN })).toEqual([expect.stringMatching(/^rank: .*, found NaN$/)]);
    expect(problems({ phases: [{}] })).toEqual([expect.stringMatching(/^phases\.0\.warmup: .*, found nothing$/)]);
    expect(problems({ provider: () => 0 })).toEqual([expect.stringMatching(/, found a function$/)]);
    expect(problems([1, 2])).toEqual(["expected object, found [1,2]"]);
  });

  it("suggest the key that was meant, else list the known ones", () => {
    expect(problems({ provdier: "webgpu", phases: [{ warmup: 1, warmpu: 2 }], zzzzzzzz: 1 })).toEqual([
      'unknown key "phases.0.warmpu" (did you mean warmup?)',
      'unknown key "provdier" (did you mean provider?)',
      'unknown key "zzzzzzzz" (expected rank, provider, phases)',
    ]);
  });

  it("suggest through defaults, choices and components that have no JSON Schema", () => {
    const wrapped = z
      .strictObject({ gate: z.custom<object>((value) => typeof value === "object") })
      .nullable()
      .transform((value) => value)
      .prefault(null);
    expect(check(wrapped, { gate: {}, gaet: 1 })).toEqual({ problems: ['unknown key "gaet" (did you mean gate?)'] });
  });

  it("are listed all at once in an error", () => {
    expect(() => requireValid(schema, { rank: 0, x: 1 }, "Options of it")).toThrow(
      'Options of it: rank: expected number to be >=1, found 0; unknown key "x" (expected rank, provider, phases).',
    );
  });

  it("tell whose they are by the keys at the top", () => {
    const wrong = { rank: 0, phases: { warmup: "long" }, x: 1 };
    expect(() => requireValid(schema, wrong, "Options of it")).toThrow(
      expect.objectContaining({ wrongOptions: ["rank", "phases", "x"] }),
    );
  });
});

it("refuses a schema that answers later", () => {
  expect(() =>
    check({ "~standard": { version: 1, vendor: "test", validate: async (value) => ({ value }) } }, 1),
  ).toThrow(PluginError);
});

it("no options are nothing, or an empty object", () => {
  expect(check(noOptions, undefined)).toEqual({ value: undefined });
  expect(check(noOptions, {})).toEqual({ value: {} });
  expect(check(noOptions, { a: 1, b: 2 })).toEqual({ problems: ["expected no options, found a, b"] });
  expect(check(noOptions, null)).toEqual({ problems: ["expected no options, found null"] });
});
