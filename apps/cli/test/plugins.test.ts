import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toConfigs } from "../src/run/config-file.ts";
import { resolveRun } from "../src/run/resolve.ts";
import tinyRecipe from "./recipes/tiny.ts";
import { blora, requireBuild } from "./run-blora.ts";

const NAME = "@blora/example-custom-quantizer";
const file = fileURLToPath(new URL("../../../examples/custom-quantizer/src/index.ts", import.meta.url));
const gate = { $plugin: "gate/hard-concrete" };
const quantizer = { $plugin: "quantizer/learned-power-of-two", options: { bits: [0, 3, 5], gate } };
const tiny = ["--set", "maxTrainSamples=64", "--set", "maxEvalSamples=32", "--threads", "1"];

let folder: string;
let trained: string;

beforeAll(async () => {
  requireBuild();
  folder = await mkdtemp(join(tmpdir(), "blora-plugins-"));
  trained = join(folder, "run");
});
afterAll(() => rm(folder, { recursive: true }));

describe("a quantizer of another package", () => {
  test("trains, and its adapter says where it comes from", async () => {
    const set = ["--set", `method.quantizer=${JSON.stringify(quantizer)}`, "--set", "maxSteps=2"];
    const { status, stderr } = await blora(["train", "--plugin", NAME, "--out", trained, "--json", ...set, ...tiny]);
    expect([status, stderr]).toEqual([0, ""]);
    const { method } = JSON.parse(await readFile(join(trained, "adapter", "blora_config.json"), "utf8"));
    expect(method.options.quantizer).toMatchObject({ $plugin: quantizer.$plugin, package: NAME });
  });

  test.each([
    ["eval", ["eval", "RUN", ...tiny]],
    ["merge", ["merge", "--adapter", "RUN", "--out", "OUT"]],
    ["export", ["export", "--adapter", "RUN", "--out", "OUT", "--adapter-form", "branch", "--no-measure"]],
    ["bops", ["bops", "--adapter", "RUN"]],
    ["train", ["train", "--adapter", "RUN", "--out", "OUT", "--set", "maxSteps=1", ...tiny]],
  ])("is what %s asks for, and works with", async (name, args) => {
    const command = args.map((arg) => (arg === "RUN" ? trained : arg === "OUT" ? join(folder, `of-${name}`) : arg));
    const without = await blora(command);
    expect(without.status).toBe(1);
    expect(without.stderr).toBe(
      `blora: ${trained}/adapter: expected the plugin quantizer/learned-power-of-two, which it was made with, and it is not loaded. ` +
        `If you trust the package ${NAME}, install it and add --plugin ${NAME}.\n`,
    );
    const given = await blora([...command, "--plugin", file, "--json"]);
    expect([given.status, given.stderr.replaceAll(/^warning.*\n/gm, "")]).toEqual([0, ""]);
  });

  test("is listed by inspect, with how to load it", async () => {
    const reference = `quantizer/learned-power-of-two of ${NAME}`;
    const { stdout } = await blora(["inspect", trained]);
    expect(stdout).toContain(`${reference}, not loaded: use --plugin ${NAME}`);
    const loaded = await blora(["inspect", trained, "--plugin", NAME]);
    expect(loaded.stdout).toContain(reference);
    expect(loaded.stdout).not.toContain("not loaded");
  });
});

describe("--plugin", () => {
  const refused = (plugin: string) => resolveRun({ plugin: [plugin] });

  test("and plugins of a config file are one list; the same twice is once", async () => {
    const config = join(folder, "config.ts");
    const recipe = fileURLToPath(new URL("recipes/tiny.ts", import.meta.url));
    await writeFile(
      config,
      `import recipe from ${JSON.stringify(recipe)};\nexport default { ...recipe, plugins: [${JSON.stringify(file)}] };\n`,
    );
    const { registry } = await resolveRun({ config, plugin: [relative("", file), NAME] });
    expect(registry.ids("quantizer")).toEqual(["bayesian-bits", "uniform", "learned-power-of-two", "power-of-two"]);
    expect(registry.packageOf("quantizer/power-of-two")).toBe(NAME);
  });

  test("is a list of names in a config file", () => {
    expect(() => toConfigs("blora.config.ts", { ...tinyRecipe, plugins: 3 })).toThrow(
      "blora.config.ts: expected plugins to be a list of packages and files, found 3.",
    );
    const plugins = [() => undefined];
    expect(() => toConfigs("blora.config.ts", { ...tinyRecipe, plugins })).toThrow(/files, found \["a function"\]\.$/);
  });

  test("names what it does not find", async () => {
    await expect(refused("blora-quantizer-absent")).rejects.toThrow(
      "--plugin blora-quantizer-absent: Cannot find module 'blora-quantizer-absent'",
    );
  });

  test("names a package without a plugin", async () => {
    await expect(refused("@blora/bops/package.json")).rejects.toThrow(
      /^--plugin @blora\/bops\/package\.json: expected an export made by definePlugin, found /,
    );
  });

  test.each(["a text", null])("names what throws %j, which is no error", async (thrown) => {
    const throws = join(folder, "throws.ts");
    await writeFile(throws, `throw ${JSON.stringify(thrown)};\n`);
    await expect(refused(throws)).rejects.toThrow(`--plugin ${throws}: ${thrown}`);
  });

  test("names both packages where an id is taken", async () => {
    const clash = join(folder, "clash.ts");
    await writeFile(
      clash,
      'export const uniform = Object.assign(() => ({}), { kind: "quantizer", id: "uniform", apiVersion: "v1" });\n',
    );
    await expect(refused(clash)).rejects.toThrow(
      `--plugin ${clash}: its quantizer/uniform has the name of one of @blora/quantizers: leave one of them out.`,
    );
  });
});
