import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { type Check, verdict } from "./check.ts";
import { root } from "./command.ts";

const PAGE = "docs/guide/promises.md";

/** Every row of the page of promises names a test that exists. */
export const promises: Check = {
  name: "docs: the tests that hold the promises exist",
  run: async () => {
    const rows = (await readFile(path.join(root, PAGE), "utf8"))
      .split("\n")
      .filter((line) => /^\| (?!---|promise)/.test(line));
    const faults = await Promise.all(rows.map(faultOf));
    const found = faults.filter((fault) => fault !== undefined);
    return verdict(rows.length > 0 && found.length === 0, found.join("\n"));
  },
};

async function faultOf(row: string): Promise<string | undefined> {
  const [, file, name] = /`([^`]+\.test\.ts)`: "([^"]+)" \|$/.exec(row) ?? [];
  if (file === undefined || name === undefined) return `${PAGE}: expected a file and the name of a test, found ${row}`;
  if (!existsSync(path.join(root, file))) return `${PAGE}: there is no ${file}`;
  const source = await readFile(path.join(root, file), "utf8");
  return source.includes(name) ? undefined : `${PAGE}: ${file} has no test "${name}"`;
}
