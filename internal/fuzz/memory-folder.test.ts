import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openMemoryFolder } from "./memory-folder.ts";

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "blora-memory-"));
});
afterEach(() => rmSync(parent, { recursive: true }));

/** Opens one in a process of its own, and kills that. */
async function openAndDie(): Promise<void> {
  const module = fileURLToPath(new URL("./memory-folder.ts", import.meta.url));
  const script = `
    const { openMemoryFolder } = await import(${JSON.stringify(module)});
    const { path } = await openMemoryFolder(${JSON.stringify(parent)});
    (await import("node:fs")).writeFileSync(path + "/input", "left behind");
    process.kill(process.pid, "SIGKILL");`;
  const flags = ["--import", "tsx", "-C", "@blora/source", "--input-type=module"];
  const child = spawn(process.execPath, [...flags, "-e", script], { stdio: ["ignore", "ignore", "inherit"] });
  expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
}

test("folders of processes that were killed are removed, and no others", { timeout: 60_000 }, async () => {
  await openAndDie();
  const [left] = readdirSync(parent);
  expect(existsSync(join(parent, left!, "input"))).toBe(true);
  mkdirSync(join(parent, "blora-fuzz-new"));
  mkdirSync(join(parent, "other"));
  writeFileSync(join(parent, "blora-fuzz-file"), "");
  const [one, another] = [await openMemoryFolder(parent), await openMemoryFolder(parent)];
  const kept = ["blora-fuzz-file", "blora-fuzz-new", "other"];
  expect(readdirSync(parent).sort()).toEqual([...kept, basename(one.path), basename(another.path)].sort());
  for (const { remove } of [one, another]) await remove();
  expect(readdirSync(parent).sort()).toEqual(kept);
});
