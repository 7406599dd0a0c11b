import { BloraError, type Component, definePlugin, InvalidInputError, NotFoundError, PluginError } from "@blora/spec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createRegistry, writeManifest } from "../src/index.ts";
import { gated, soft, stiff } from "./plugins.ts";

const registry = createRegistry([soft, stiff, gated]);

/** Takes any options. */
const free = definePlugin({ kind: "gate", id: "free", optionsSchema: z.unknown(), create: () => ({ ...stiff() }) });

function resolveError(text: string, kind: "gate" | "quantizer" = "quantizer"): BloraError {
  try {
    registry.resolve(JSON.parse(text), kind);
  } catch (error) {
    if (BloraError.isInstance(error)) return error;
    throw error;
  }
  throw new Error("expected an error");
}

function throughJson<K extends "gate" | "quantizer">(component: Component<K>, kind: K): Component<K> {
  return registry.resolve(JSON.parse(JSON.stringify(component)), kind);
}

describe("a manifest", () => {
  it("resolves back to the same component", () => {
    const quantizer = gated({ bits: 4, gates: [soft({ temperature: 0.25 }), stiff()] });
    const same = throughJson(quantizer, "quantizer") as typeof quantizer;
    expect(same.bitWidths).toEqual([4]);
    expect(same.options.gates).toHaveLength(2);
    expect(same.options.gates?.[0]).toMatchObject({ temperature: 0.25 });
    expect(JSON.stringify(same)).toBe(JSON.stringify(quantizer));
  });

  it("is what JSON.stringify writes and what writeManifest returns", () => {
    const quantizer = gated({ bits: 4, gates: [soft({ temperature: 0.25 }), stiff()] });
    const expected = {
      $plugin: "quantizer/gated",
      options: {
        bits: 4,
        gates: [{ $plugin: "gate/soft", options: { temperature: 0.25 } }, { $plugin: "gate/stiff" }],
      },
    };
    expect(JSON.parse(JSON.stringify(quantizer))).toEqual(expected);
    expect(writeManifest(quantizer)).toEqual(expected);
  });

  it("records the package and version of every component that has one", () => {
    const manifest = writeManifest(gated({ bits: 4, gates: [soft(), stiff()] }), (reference) => {
      const name = registry.packageOf(reference);
      return name === undefined ? undefined : { package: name, version: "1.2.3" };
    });
    expect(manifest).toEqual({
      $plugin: "quantizer/gated",
      package: "@acme/blora-quantizer-gated",
      version: "1.2.3",
      options: {
        bits: 4,
        gates: [{ $plugin: "gate/soft", package: "@blora/soft", version: "1.2.3" }, { $plugin: "gate/stiff" }],
      },
    });
    expect(JSON.stringify(registry.resolve(manifest))).toBe(
      JSON.stringify(gated({ bits: 4, gates: [soft(), stiff()] })),
    );
  });

  it("survives any options JSON can hold", () => {
    const plugins = createRegistry([free]);
    const safeKey = fc.string().filter((key) => !["__proto__", "constructor", "prototype", "$plugin"].includes(key));
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.string(),
        fc.boolean(),
        fc.constant(null),
        fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(safeKey, tie("value"), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(value, (options) => {
        const text = JSON.stringify(writeManifest(free(options)));
        const back = plugins.resolve(JSON.parse(text), "gate");
        expect(back.manifest.options).toEqual(options);
      }),
    );
  });

  it("leaves out options that are undefined", () => {
    expect(writeManifest(gated({ bits: 4, gates: undefined }))).toEqual({
      $plugin: "quantizer/gated",
      options: { bits: 4 },
    });
  });

  it.each([
    ["NaN", Number.NaN],
    ["-Infinity", Number.NEGATIVE_INFINITY],
    ["a function", () => 0],
    ["an object", new Float32Array(2)],
    ["an object", new Map()],
    ["5", 5n],
  ])("is not written with an option JSON cannot hold: %s", (found, bits) => {
    const gate = free({ bits });
    expect(() => writeManifest(gate)).toThrow(InvalidInputError);
    expect(() => writeManifest(gate)).toThrow(
      `manifest.options.bits must be a value that JSON can hold, found ${found}.`,
    );
  });

  it("is not written where options contain themselves", () => {
    const options: { bits: number; self?: unknown } = { bits: 4 };
    options.self = options;
    expect(() => writeManifest(free(options))).toThrow("must not nest deeper than 64 levels");
  });
});

describe("resolve", () => {
  it("fills in the defaults of the options schema", () => {
    const quantizer = registry.resolve(JSON.parse('{"$plugin":"quantizer/gated","options":{}}'), "quantizer");
    expect(quantizer.bitWidths).toEqual([8]);
  });

  it("names every wrong option", () => {
    const error = resolveError(
      '{"$plugin":"quantizer/gated","options":{"bits":1.5,"gates":[{"$plugin":"quantizer/gated","options":{}}]}}',
    );
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error.message).toMatch(
      /^manifest: wrong options of quantizer "gated": bits: .+, found .+; gates\.0: must be a gate, found .+\.$/,
    );
  });

  it("names the place of a wrong nested component", () => {
    const error = resolveError('{"$plugin":"quantizer/gated","options":{"bits":4,"gates":[{"$plugin":"gate/sotf"}]}}');
    expect(error).toBeInstanceOf(NotFoundError);
    const typo = resolveError('{"$plugin":"quantizer/gated","options":{"bits":4,"gates":[{"$plugin":7}]}}');
    expect(typo.message).toBe('manifest.options.gates[0].$plugin must be "kind/id", found 7.');
  });

  it.each([
    ["null", "null"],
    ["[]", "an array of 0"],
    ['"gate/soft"', '"gate/soft"'],
    ['{"plugin":"gate/soft"}', "an object"],
  ])("refuses what is no manifest: %s", (text, found) => {
    expect(resolveError(text).message).toBe(`A manifest must be an object with a "$plugin" key, found ${found}.`);
  });

  it("refuses a component of another kind", () => {
    expect(resolveError('{"$plugin":"gate/soft"}').message).toBe(
      'manifest.$plugin must name a quantizer, found "gate/soft".',
    );
  });

  it("refuses keys it does not know", () => {
    expect(resolveError('{"$plugin":"gate/soft","option":{}}', "gate").message).toBe(
      'manifest has a key "option", expected only $plugin, options, package, version.',
    );
  });

  it.each([
    ['{"$plugin":"gate/soft","__proto__":{"a":1}}', "manifest"],
    ['{"$plugin":"gate/soft","options":{"__proto__":{"temperature":9}}}', "manifest.options"],
    ['{"$plugin":"gate/soft","options":{"a":[{"constructor":{}}]}}', "manifest.options.a[0]"],
    ['{"$plugin":"gate/soft","options":{"prototype":1}}', "manifest.options"],
  ])("refuses keys that reach a prototype: %s", (text, place) => {
    const error = resolveError(text, "gate");
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error.message.startsWith(`${place} must not have a key "`)).toBe(true);
    expect(({} as Record<string, unknown>).temperature).toBeUndefined();
  });

  it("refuses deep nesting before the stack ends", () => {
    const text = `{"$plugin":"gate/soft","options":${"[".repeat(5000)}${"]".repeat(5000)}}`;
    expect(resolveError(text, "gate").message).toContain("must not nest deeper than 64 levels");
  });

  it("says which package an unknown component comes from", () => {
    const error = resolveError('{"$plugin":"quantizer/fp4","package":"@acme/blora-quantizer-fp4","version":"2.0.0"}');
    expect(error).toBeInstanceOf(NotFoundError);
    expect(error.message).toContain('No quantizer is called "fp4".');
    expect(error.message).toContain("comes from the package @acme/blora-quantizer-fp4");
  });

  it.each(["x; rm -rf ~", "../evil", "https://example.org/x.tgz", 7])(
    "does not repeat a bad package name: %s",
    (name) => {
      const error = resolveError(JSON.stringify({ $plugin: "quantizer/fp4", package: name }));
      expect(error.message).toContain("manifest.package must be the name of an npm package");
    },
  );

  it("refuses an options schema that answers later", () => {
    const slow = definePlugin({
      kind: "gate",
      id: "slow",
      optionsSchema: { "~standard": { version: 1, vendor: "test", validate: async (value: unknown) => ({ value }) } },
      create: (_options: unknown) => ({ ...stiff() }),
    });
    expect(() => createRegistry([slow]).resolve({ $plugin: "gate/slow" })).toThrow(PluginError);
  });
});
