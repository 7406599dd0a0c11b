import { testMethod } from "@blora/testing";
import { describe, expect, test } from "vitest";
import { full, head } from "../src/index.ts";
import { siteOf } from "./support/reference.ts";

testMethod(head());
testMethod(full());

describe("head and full", () => {
  const site = siteOf("layer.0.query", 6, 4);

  test.each([head(), full()])("leave a site untouched, free of charge and without an update", (method) => {
    const adapter = method.init(site, 1);
    expect(adapter).toEqual({ layout: {}, parameters: {} });
    expect(method.usage(site, adapter).matmuls).toEqual([]);
    expect(method.summary(site, adapter)).toEqual({ rank: 0, bits: {} });
    expect(method.export(site, adapter)).toBeUndefined();
  });

  test("only full trains the base", () => {
    expect(head().trainsBase).toBeUndefined();
    expect(full().trainsBase).toBe(true);
  });

  test("take no options", () => {
    expect(() => full({ rank: 8 } as never)).toThrow('Options of method "full": expected no options, found rank.');
  });
});
