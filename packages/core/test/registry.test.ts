import { type AnyPlugin, BloraError, NotFoundError, PluginError } from "@blora/spec";
import { describe, expect, it } from "vitest";
import { createRegistry } from "../src/index.ts";
import { gated, soft, stiff } from "./plugins.ts";

const registry = createRegistry([soft, stiff, gated]);

/** The registry as plain JavaScript sees it. */
const untyped = registry as unknown as { create(kind: string, id: string): unknown };

/** A plugin with some facts changed, as a foreign package could ship it. */
function altered(plugin: AnyPlugin, facts: Partial<AnyPlugin>): AnyPlugin {
  return Object.assign((options: never) => plugin(options), { ...plugin }, facts);
}

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (BloraError.isInstance(error)) return error.message;
    throw error;
  }
  throw new Error("expected an error");
}

describe("createRegistry", () => {
  it("creates components from names and options", () => {
    expect(registry.create("gate", "soft", { temperature: 0.3 }).temperature).toBe(0.3);
    expect(registry.create("gate", "soft").temperature).toBe(0.5);
    expect(registry.create("quantizer", "gated", { bits: 4 }).bitWidths).toEqual([4]);
  });

  it("lists the ids of a kind in the order of registration", () => {
    expect(registry.ids("gate")).toEqual(["soft", "stiff"]);
    expect(registry.ids("quantizer")).toEqual(["gated"]);
    expect(createRegistry([]).ids("task" as never)).toEqual([]);
  });

  it("does not see plugins added to the list afterwards", () => {
    const list: AnyPlugin[] = [soft];
    const made = createRegistry(list);
    list.push(stiff);
    expect(made.ids("gate")).toEqual(["soft"]);
    expect(Object.isFrozen(made)).toBe(true);
  });

  it("tells the package of a component", () => {
    expect(registry.packageOf("quantizer/gated")).toBe("@acme/blora-quantizer-gated");
    expect(registry.packageOf("gate/stiff")).toBeUndefined();
    expect(registry.packageOf("gate/absent")).toBeUndefined();
    expect(registry.packageOf("nonsense")).toBeUndefined();
  });

  it("names both packages when an id is taken", () => {
    const copy = altered(soft, { packageName: "@acme/soft" });
    expect(() => createRegistry([soft, copy])).toThrow(PluginError);
    expect(messageOf(() => createRegistry([soft, copy]))).toBe(
      "Plugin gate/soft is registered twice, by @blora/soft and by @acme/soft: leave one out.",
    );
    expect(messageOf(() => createRegistry([stiff, stiff]))).toContain("a package that does not name itself");
  });

  it("allows one id in two kinds", () => {
    const other = altered(gated, { id: "soft" });
    expect(createRegistry([soft, other]).ids("quantizer")).toEqual(["soft"]);
  });

  it("refuses a foreign plugin API version", () => {
    const future = altered(soft, { apiVersion: "v2" });
    expect(() => createRegistry([future])).toThrow(PluginError);
    expect(messageOf(() => createRegistry([future]))).toBe(
      "Plugin gate/soft of @blora/soft is written for plugin API v2, this registry speaks v1: install a release made for v1.",
    );
  });

  it("refuses a plugin without an options schema", () => {
    const loose = altered(soft, { optionsSchema: undefined as never });
    expect(messageOf(() => createRegistry([loose]))).toBe(
      "Plugin gate/soft must have an options schema; noOptions is that of a plugin without any.",
    );
  });

  it.each([
    ["undefined", undefined],
    ["function helper", function helper() {}],
    ["[object Object]", { kind: "gate", id: "soft", apiVersion: "v1" }],
  ])("says which entry is no plugin: %s", (found, entry) => {
    const message = messageOf(() => createRegistry([soft, entry as unknown as AnyPlugin]));
    expect(message).toBe(`Entry 1 of the plugin list must come from definePlugin, found ${found}.`);
  });

  it.each(["", "Soft", "../soft", "soft gate", "-soft", "__proto__"])("refuses the id %j", (id) => {
    expect(() => createRegistry([altered(soft, { id })])).toThrow(PluginError);
  });
});

describe("an unknown name", () => {
  it("comes with a suggestion and the registered ids", () => {
    expect(() => untyped.create("gate", "sotf")).toThrow(NotFoundError);
    expect(messageOf(() => untyped.create("gate", "sotf"))).toBe(
      'No gate is called "sotf". Did you mean soft? Registered gate ids: soft, stiff.',
    );
  });

  it("of a kind comes with the registered kinds", () => {
    expect(messageOf(() => untyped.create("quantiser", "gated"))).toBe(
      'No plugin of kind "quantiser" is registered. Did you mean quantizer? Registered kinds: gate, quantizer.',
    );
    expect(messageOf(() => createRegistry([]).resolve({ $plugin: "gate/soft" }, "gate" as never))).toContain(
      "Registered kinds: none.",
    );
  });

  it.each(["../x", "node:fs", "__proto__", "constructor", "toString"])("is only unknown: %s", (id) => {
    expect(() => untyped.create("gate", id)).toThrow(NotFoundError);
    expect(() => registry.resolve({ $plugin: `gate/${id}` })).toThrow(NotFoundError);
    expect(() => registry.resolve({ $plugin: `${id}/soft` }, "gate")).toThrow(BloraError);
  });
});
