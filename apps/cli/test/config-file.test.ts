import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvalidInputError, NotFoundError } from "@blora/spec";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readConfigs } from "../src/run/config-file.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "blora-config-"));
});
afterAll(() => rm(folder, { recursive: true }));

test.each([
  ["a syntax error", "const x = {\nexport default x;\n", /^FILE: ParseError: Unexpected keyword 'export'\. FILE:2/],
  [
    "a missing import",
    'import { a } from "./gone.ts";\nexport default a;\n',
    /^FILE:1: Cannot find module '\.\/gone\.ts'$/,
  ],
  ["a fault of its own", "const x: any = 1;\n\nexport default x.a.b;\n", /^FILE:3: TypeError: Cannot read prop[^\n]*$/],
  [
    "a wrong argument",
    'export default { task: { name: "t" }, method: { init() {} }, training: { maxSteps: "many" } };\n',
    /^FILE: Training arguments: maxSteps: expected number, found "many"\.$/,
  ],
  ["no run", "export default 3;\n", /^FILE: expected a default export made by defineConfig/],
  [
    "names instead of a task and a method",
    'export default { task: "classify", method: "lora" };\n',
    /^FILE: expected a default export made by defineConfig/,
  ],
  [
    "manifests instead of a task and a method",
    'export default { task: { $plugin: "task/glue" }, method: { $plugin: "method/lora" } };\n',
    /^FILE: expected a default export made by defineConfig/,
  ],
  ["no default export", "export const a = 3;\n", /^FILE: expected a default export made by defineConfig/],
])("a file with %s is a mistake of the user's", async (name, content, message) => {
  const file = join(folder, `${name.replaceAll(" ", "-")}.ts`);
  await writeFile(file, content);
  const error = await readConfigs(file).catch((error: Error) => error);
  expect(error).toBeInstanceOf(InvalidInputError);
  expect((error as Error).message.replaceAll(file, "FILE")).toMatch(message);
});

test("a file that is not there is named", async () => {
  const file = join(folder, "absent.ts");
  await expect(readConfigs(file)).rejects.toThrow(
    new NotFoundError(`${file}: expected a configuration file, found none.`),
  );
});

test.each([
  ["a folder", () => folder, "expected a configuration file, found a folder."],
  [
    "a table",
    () => join(folder, "rows.csv"),
    'expected a configuration file in TypeScript, JavaScript or JSON (.ts, .js, .json), found "rows.csv".',
  ],
])("%s is no configuration file", async (_, place, message) => {
  await writeFile(join(folder, "rows.csv"), "text,label\n");
  await expect(readConfigs(place())).rejects.toThrow(new InvalidInputError(`${place()}: ${message}`));
});

test("a folder with a configuration file in it is told of it", async () => {
  const project = await mkdtemp(join(folder, "project-"));
  await writeFile(join(project, "blora.config.ts"), "export default 3;\n");
  await expect(readConfigs(project)).rejects.toThrow(`Did you mean ${join(project, "blora.config.ts")}?`);
});
