import type { Component, ComponentManifest } from "@blora/spec";
import { describe, expectTypeOf, it } from "vitest";
import {
  createRegistry,
  defineConfig,
  type Registry,
  type RunConfig,
  type StoredManifest,
  writeManifest,
} from "../src/index.ts";
import { gated, soft, stiff } from "./plugins.ts";

const registry = createRegistry([soft, stiff, gated]);

describe("the registry's types", () => {
  it("know the ids of every kind", () => {
    expectTypeOf(registry.ids("gate")).toEqualTypeOf<readonly ("soft" | "stiff")[]>();
    expectTypeOf(registry.ids("quantizer")).toEqualTypeOf<readonly "gated"[]>();
    expectTypeOf(registry.ids<"gate" | "quantizer">)
      .parameter(0)
      .toEqualTypeOf<"gate" | "quantizer">();
    // @ts-expect-error no task is registered
    registry.ids("task");
  });

  it("know the options and the product of a plugin", () => {
    expectTypeOf(registry.create("gate", "soft", { temperature: 1 })).toEqualTypeOf<ReturnType<typeof soft>>();
    expectTypeOf(registry.create("gate", "soft").temperature).toEqualTypeOf<number>();
    expectTypeOf(registry.create("quantizer", "gated", { bits: 2 }).options.bits).toEqualTypeOf<number>();
    expectTypeOf(registry.create("gate", "stiff")).toExtend<Component<"gate">>();
  });

  it("refuse wrong names and options", () => {
    // @ts-expect-error no such gate
    registry.create("gate", "hard");
    // @ts-expect-error a quantizer's id
    registry.create("gate", "gated");
    // @ts-expect-error bits is missing
    registry.create("quantizer", "gated");
    // @ts-expect-error bits is a number
    registry.create("quantizer", "gated", { bits: "4" });
    // @ts-expect-error not an option
    registry.create("gate", "soft", { temprature: 1 });
  });

  it("tell the kind of a resolved manifest", () => {
    const manifest: ComponentManifest<"gate"> = { $plugin: "gate/soft" };
    expectTypeOf(registry.resolve(manifest)).toEqualTypeOf<Component<"gate">>();
    expectTypeOf(registry.resolve({ $plugin: "quantizer/gated" })).toEqualTypeOf<Component<"quantizer">>();
    expectTypeOf(registry.resolve(JSON.parse("{}") as unknown, "gate")).toEqualTypeOf<Component<"gate">>();
    // @ts-expect-error unknown JSON needs the kind it must be of
    registry.resolve(JSON.parse("{}") as unknown);
    // @ts-expect-error no task is registered
    registry.resolve({ $plugin: "task/glue" });
  });

  it("are never any", () => {
    expectTypeOf(registry).not.toBeAny();
    expectTypeOf(registry.create("gate", "soft")).not.toBeAny();
    expectTypeOf(registry.resolve({ $plugin: "gate/soft" })).not.toBeAny();
    expectTypeOf(registry).toExtend<Registry<typeof soft | typeof stiff | typeof gated>>();
  });
});

describe("writeManifest's types", () => {
  it("keep the kind", () => {
    expectTypeOf(writeManifest(soft())).toEqualTypeOf<StoredManifest<"gate">>();
    expectTypeOf(registry.resolve(writeManifest(gated({ bits: 4 })))).toEqualTypeOf<Component<"quantizer">>();
  });
});

describe("defineConfig's types", () => {
  interface Rates {
    readonly learningRate?: number;
  }
  const task = {} as Component<"task">;
  const method = {} as Component<"method">;

  it("check components and training arguments", () => {
    expectTypeOf(defineConfig({ task, method, training: { learningRate: 1e-3 } })).toExtend<RunConfig<Rates>>();
    expectTypeOf(defineConfig<Rates>({ task, method })).toEqualTypeOf<RunConfig<Rates>>();
    // @ts-expect-error a method is no task
    defineConfig({ task: method, method });
    // @ts-expect-error the method is missing
    defineConfig({ task });
    // @ts-expect-error a rate is a number
    defineConfig<Rates>({ task, method, training: { learningRate: "1e-3" } });
    // @ts-expect-error a misspelled argument
    defineConfig<Rates>({ task, method, training: { learningrate: 1e-3 } });
  });
});
