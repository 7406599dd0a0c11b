import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Job } from "@blora/spec";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createProgram } from "../src/program.ts";
import { type ArrayKind, writeArray } from "../src/sweep/array.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "blora-array-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const job = (of: string): Job => ({
  id: of.repeat(64),
  manifest: { of },
  needs: { memoryBytes: 0, threads: 1 },
  inputs: [],
});

const flags = { command: "npx blora", atOnce: 8, image: "image", claim: "claim" };

/** @returns what is written under a name */
async function write(on: ArrayKind, out: string, of: string): Promise<(name: string) => string> {
  const at = join(folder, out);
  await writeArray(on, at, { about: {}, jobs: [job(of)] }, flags);
  return (name) => readFileSync(join(at, name), "utf8");
}

test("a list that was submitted keeps its jobs where another is written into the same folder", async () => {
  const first = await write("slurm", "both", "a");
  const [, list] = /--list (\S+?jobs-[0-9a-f]{8}\.json)/.exec(first("jobs.slurm"))!;
  const second = await write("slurm", "both", "b");
  expect(second("jobs.slurm")).not.toContain(list);
  expect(JSON.parse(readFileSync(list!, "utf8")).jobs[0].manifest).toEqual({ of: "a" });
  expect(JSON.parse(second("jobs.json")).jobs[0].manifest).toEqual({ of: "b" });
});

test.each([
  ["Results_", /^blora-results-[0-9a-f]{8}$/],
  ["_", /^blora-[0-9a-f]{8}$/],
  [`${"many words ".repeat(9)}`, /^blora-many-words-many-words-many-words-m-[0-9a-f]{8}$/],
])("a folder called %j is a name that Kubernetes takes", async (out, name) => {
  const read = await write("kubernetes", out, "a");
  const manifest = JSON.parse(read("jobs.kubernetes.json"));
  expect(manifest.metadata.name).toMatch(name);
  expect(manifest.spec.template.spec.containers[0].name).toBe(manifest.metadata.name);
});

test("a command without words is refused", async () => {
  const args = ["sweep", "a.ts", "--on", "xargs", "--command", " "];
  await expect(createProgram(() => {}).parseAsync(["node", "blora", ...args])).rejects.toMatchObject({
    name: "UsageError",
    message: "--command: expected the words of a command, such as npx blora, found none.",
  });
});
