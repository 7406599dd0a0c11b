import { describe, expect, test } from "vitest";
import { type AnyPlugin, definePlugin, type Gate, noOptions, PluginError } from "../src/index.ts";

const gate = {} as Gate;
const plugin = (create: () => unknown): AnyPlugin =>
  definePlugin({ kind: "gate", id: "some", optionsSchema: noOptions, create: create as () => Gate });
const make = (create: () => unknown): unknown => (plugin(create) as unknown as () => unknown)();

describe("what a plugin makes", () => {
  test("may be frozen", () => {
    const made = make(() => Object.freeze({ ...gate, initialLogit: 3 }));
    expect(made).toMatchObject({ initialLogit: 3, manifest: { $plugin: "gate/some" } });
  });

  test("keeps its own manifest where one object is given for all options", () => {
    const kept = { ...gate };
    const any = { "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value }) } } as const;
    const of = definePlugin({ kind: "gate", id: "kept", optionsSchema: any, create: (_: unknown) => kept });
    const [first, second] = [of({ slope: 1 }), of({ slope: 2 })];
    expect(first.manifest.options).toEqual({ slope: 1 });
    expect(second.manifest.options).toEqual({ slope: 2 });
  });

  test("keeps its own manifest where it is what another plugin made", () => {
    const inner = plugin(() => ({ ...gate }));
    const made = (inner as unknown as () => object)();
    expect(make(() => made)).toMatchObject({ manifest: { $plugin: "gate/some" } });
    expect(make(() => made)).not.toBe(made);
  });

  test.each([
    ["undefined", () => undefined],
    ["null", () => null],
    ["a promise", async () => gate],
    ["3", () => 3],
  ])("is refused where it is %s", (found, create) => {
    expect(() => make(create)).toThrow(PluginError);
    expect(() => make(create)).toThrow(`gate "some": expected its create to return an object at once, found ${found}.`);
  });
});
