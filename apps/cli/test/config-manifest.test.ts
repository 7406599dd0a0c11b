import { bops } from "@blora/bops";
import { builtinTask } from "@blora/builtin";
import { writeManifest } from "@blora/core";
import { onnx } from "@blora/engine-onnx";
import { blora, lora } from "@blora/lora";
import { bert } from "@blora/model-bert";
import { uniform } from "@blora/quantizers";
import { describe, expect, test } from "vitest";
import { registry } from "../src/registry.ts";
import { type Config, configManifest, configOfManifest } from "../src/run/config-manifest.ts";

const method = blora({ rank: 4, quantizer: uniform({ bits: [0, 2, 4] }) });
const whole: Config = {
  task: builtinTask(),
  method,
  engine: onnx({ threads: 2 }),
  costModel: bops(),
  architecture: bert(),
  model: "org/name",
  data: "rows",
  plugins: ["own-package"],
  training: { maxSteps: 7, learningRate: 1e-3 },
};

describe("a configuration for another machine", () => {
  test("is JSON with every part as the recipe has it", () => {
    const manifest = configManifest(whole, "recipe.ts");
    expect(JSON.parse(JSON.stringify(manifest))).toEqual(manifest);
    expect(manifest).toEqual({
      task: { $plugin: "task/builtin" },
      method: {
        $plugin: "method/blora",
        options: { rank: 4, quantizer: { $plugin: "quantizer/uniform", options: { bits: [0, 2, 4] } } },
      },
      engine: { $plugin: "engine/onnx", options: { threads: 2 } },
      costModel: { $plugin: "costModel/bops" },
      architecture: { $plugin: "architecture/bert" },
      model: "org/name",
      data: "rows",
      plugins: ["own-package"],
      training: { maxSteps: 7, learningRate: 1e-3 },
    });
  });

  test("is the same configuration there, and writes the same again", () => {
    const manifest = configManifest(whole, "recipe.ts");
    const read = configOfManifest(JSON.parse(JSON.stringify(manifest)), registry);
    expect(read.task.name).toBe("builtin");
    expect(read.training).toEqual(whole.training);
    expect(JSON.stringify(read)).toBe(JSON.stringify(whole));
  });

  test.each([
    ["lora", lora({ rank: 4 })],
    ["blora", method],
  ])("has the options of %s in the order in which adapters that are trained here have them", (_, own) => {
    const manifest = configManifest({ task: builtinTask(), method: own }, "recipe.ts");
    const read = configOfManifest(manifest, registry);
    expect(JSON.stringify(writeManifest(read.method))).toBe(JSON.stringify(writeManifest(own)));
  });

  test("leaves out what the recipe leaves to others", () => {
    const manifest = configManifest({ task: builtinTask(), method }, "recipe.ts");
    expect(Object.keys(manifest)).toEqual(["task", "method"]);
    expect(Object.keys(configOfManifest(manifest, registry))).toEqual(["task", "method"]);
  });

  test("is refused, with the file and the part, where a part does not say how it was made", () => {
    const { manifest: _, ...made } = method;
    expect(() => configManifest({ ...whole, method: made as typeof method }, "recipe.ts")).toThrow(
      "recipe.ts: expected a method that a plugin made, found one that does not say how it was made: other machines cannot make it.",
    );
  });

  test("that names a plugin this machine lacks names it", () => {
    const manifest = { task: { $plugin: "task/unknown" }, method: { $plugin: "method/lora" } };
    expect(() => configOfManifest(manifest, registry)).toThrow(/task.*unknown/);
  });
});
