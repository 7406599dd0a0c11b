import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createRegistry, type Registry } from "@blora/core";
import { type Component, definePlugin } from "@blora/spec";
import { expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { root } from "../../../internal/checks/command.ts";
import { DECODERS, ENCODERS, METHODS } from "../../../internal/families/family.ts";
import { FAMILIES_PAGE, withFamiliesTable } from "../../../internal/families/table.ts";
import { readDocComments } from "../../../internal/reference/doc-comments.ts";
import { referencePages } from "../../../internal/reference/pages.ts";
import { createProgram } from "../src/program.ts";
import descriptions from "../src/reference/descriptions.json" with { type: "json" };
import { referenceNames, referenceOf } from "../src/reference/reference.ts";
import { registry as firstParty, firstPartyPlugins } from "../src/registry.ts";

const registry = firstParty as unknown as Registry;
const names = referenceNames(registry);
const folder = join(root, "docs/reference");
const OPTION = /^- `([\w.]+)` \((.+?)\)(?:: (.+))?$/gm;

async function printed(...args: string[]): Promise<string> {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  onTestFinished(() => write.mockRestore());
  await createProgram(() => {}).parseAsync(["node", "blora", "options", ...args]);
  const text = write.mock.calls.map(([chunk]) => String(chunk)).join("");
  write.mockClear();
  return text;
}

test("the reference is what `npm run reference` writes now", () => {
  expect(descriptions).toEqual(readDocComments());
  const pages = referencePages(registry);
  expect(readdirSync(folder).sort()).toEqual([...pages.keys()].sort());
  for (const [name, text] of pages) expect(readFileSync(join(folder, name), "utf8"), name).toBe(text);
});

test("the guide shows what is done with every family, and every plugin is of one", () => {
  const page = readFileSync(join(root, FAMILIES_PAGE), "utf8");
  expect(page).toBe(withFamiliesTable(page));
  const tried = [...ENCODERS, ...DECODERS].map(({ architecture }) => architecture as Component<"architecture">);
  expect(new Set(tried.map(({ manifest }) => manifest.$plugin.replace("architecture/", "")))).toEqual(
    new Set(registry.ids("architecture")),
  );
  // These two are baselines: they leave no adapter.
  const methods = new Set([...METHODS.map(({ method }) => method), "full", "head"]);
  expect(methods).toEqual(new Set(registry.ids("method")));
});

test("every option of every plugin has a type and words", () => {
  expect(names).toHaveLength(firstPartyPlugins.length + 1);
  for (const name of names) {
    const options = [...referenceOf(name, registry).matchAll(OPTION)].map(([, path, type, text]) => [path, type, text]);
    const written = [...referenceOf(name, registry).matchAll(/^- /gm)];
    expect(options, name).toHaveLength(written.length);
    for (const option of options)
      expect(option, name).toEqual([expect.any(String), expect.any(String), expect.any(String)]);
  }
});

test("options are told by their names, types, bounds and words", () => {
  const text = referenceOf("task.classify", registry);
  expect(text).toContain(
    "- `validationShare` (a number above 0 below 1): Share of the training rows that become `validation` where the data have none. Default 0.1.\n",
  );
  expect(text).toContain("- `kind` (`class`, `number`; required): ");
  expect(referenceOf("training", registry)).toContain(
    "- `lrSchedulerType` (`linear`, `constant`, `cosine`): Default `linear`.\n",
  );
  expect(referenceOf("method.blora", registry)).toContain(
    "- `phases.warmup` (a number above 0 to 1; required): Plain LoRA",
  );
  expect(referenceOf("method.head", registry)).toMatch(/\n\nIt has no options\.\n$/);
});

test("blora options lists the plugins, and prints of one what the pages say", async () => {
  const list = await printed();
  for (const name of names) expect(list).toMatch(new RegExp(`^ {2}${name.replace(".", "\\.")} +\\S`, "m"));
  const page = readFileSync(join(folder, "methods.md"), "utf8");
  for (const name of names.filter((each) => each.startsWith("method."))) expect(page).toContain(await printed(name));
  expect(await printed("task.cola")).toBe(await printed("task.glue"));
  expect(await printed("method/lora")).toBe(await printed("method.lora"));
});

test.each([
  ["method.blroa", "Did you mean method.blora"],
  ["classify", "Did you mean task.classify?"],
  ["trainings", "Did you mean training"],
  ["x", "blora options lists them."],
])("%s is no plugin, which says what may be meant", async (name, advice) => {
  await expect(printed(name)).rejects.toThrow(`No plugin is called "${name}".`);
  await expect(printed(name)).rejects.toThrow(advice);
});

test("a plugin of somebody else is told by its schema", () => {
  const optionsSchema = z.strictObject({
    levels: z.int().min(2).default(4).describe("Levels of a value."),
    name: z.string().optional(),
  });
  const mine = definePlugin({
    kind: "costModel",
    id: "mine",
    packageName: "@acme/mine",
    optionsSchema,
    create: () => ({}) as never,
  });
  const text = referenceOf("costModel.mine", createRegistry([mine]) as unknown as Registry);
  expect(text).toBe(
    "## costModel.mine\n\nSet by a config file.\n\n- `levels` (a whole number from 2; default `4`): Levels of a value.\n- `name` (a text)\n",
  );
});
