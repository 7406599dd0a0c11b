import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { sha256 } from "@blora/files";
import { readRecords } from "@blora/runs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blora, program, requireBuild } from "./run-blora.ts";

const recipe = (name: string) => fileURLToPath(new URL(`recipes/${name}.ts`, import.meta.url));

let folder: string;
const at = (name: string) => join(folder, name);
const foldersOf = (name: string) => ["--out", at(name), "--runs", join(at(name), "folders")];
const list = (name: string, ...args: readonly string[]) =>
  blora(["sweep", ...args, ...foldersOf(name), "--on", "xargs", "--command", `${process.execPath} ${program}`]);
const job = (name: string, index: number) => blora(["job", String(index), "--list", join(at(name), "jobs.json")]);

/** SHA-256 of every file of the adapters below a folder but their cards. */
function adaptersIn(runs: string): Record<string, string> {
  const files = readdirSync(runs, { recursive: true, withFileTypes: true }).flatMap(({ parentPath, name }) => {
    const path = relative(runs, join(parentPath, name));
    return /^[^/]+\/adapter\/[^/]+$/.test(path) && name !== "README.md" ? [path] : [];
  });
  return Object.fromEntries(files.sort().map((file) => [file, sha256(readFileSync(join(runs, file)))]));
}

beforeAll(() => {
  requireBuild();
  folder = mkdtempSync(join(tmpdir(), "blora-jobs-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a sweep that others start", { timeout: 300_000 }, () => {
  /** Starts all jobs as the guide says, in a process group of its own. */
  const xargs = () =>
    spawn("sh", ["-c", `tr '\\n' '\\0' < jobs.txt | xargs -0 -n 1 -P 2 sh -c`], {
      ...{ cwd: at("array"), detached: true, stdio: "ignore" as const },
    });

  test("is killed and started again, and ends as a sweep in turn does", async () => {
    const listed = await list("array", recipe("saving"), "--seeds", "2", "--reference", "saving");
    expect(listed.stdout).toContain(`2 jobs in ${join(at("array"), "jobs.json")}\n`);
    const first = xargs();
    const isBegun = () =>
      existsSync(join(at("array"), "folders")) &&
      readdirSync(join(at("array"), "folders"), { recursive: true }).some((name) =>
        /checkpoint-\d+$/.test(String(name)),
      );
    while (!isBegun()) await setTimeout(20);
    process.kill(-first.pid!, "SIGKILL");
    await once(first, "exit");
    const expected = "expected the list of jobs that --on slurm, kubernetes, xargs writes into --out as jobs.json";
    const none = await blora(["sweep", "collect", "--out", at("none")]);
    expect([none.status, none.stderr]).toEqual([1, `blora: ${at("none/jobs.json")}: ${expected}, found nothing.\n`]);
    const folder = await blora(["job", "0", "--list", at("array")]);
    expect([folder.status, folder.stderr]).toEqual([1, `blora: ${at("array")}: ${expected}, found a folder.\n`]);
    const before = await blora(["sweep", "collect", "--out", at("array")]);
    expect([before.status, before.stdout]).toEqual([1, expect.stringContaining("0 of 2 runs done")]);
    const second = xargs();
    expect(await once(second, "exit")).toEqual([0, null]);
    const collected = await blora(["sweep", "collect", "--out", at("array"), "--json"]);
    expect(collected.status).toBe(0);
    const { rows, failures } = JSON.parse(collected.stdout);
    expect([rows.length, rows[0].seeds.map(({ seed }: { seed: number }) => seed), failures]).toEqual([1, [1, 2], []]);
    const inTurn = await blora(["sweep", recipe("saving"), "--seeds", "2", "--threads", "1", ...foldersOf("turn")]);
    expect(inTurn.status).toBe(0);
    const adapters = adaptersIn(join(at("turn"), "folders"));
    expect(Object.keys(adapters).length).toBeGreaterThan(2);
    expect(adaptersIn(join(at("array"), "folders"))).toEqual(adapters);
  });

  test("ends a job that crashed with 1, one that no attempt can end otherwise with 42, one that is done with 0", async () => {
    await list("status", recipe("crash"));
    const crashed = await job("status", 0);
    expect([crashed.status, crashed.stderr]).toEqual([1, expect.stringContaining("ended by SIGSEGV.\n")]);
    await list("status", recipe("tiny"));
    expect((await job("status", 0)).status).toBe(0);
    const again = await job("status", 0);
    expect([again.status, again.stderr]).toEqual([0, ""]);
    await list("status", recipe("long"));
    const name = JSON.parse(readFileSync(join(at("status"), "jobs.json"), "utf8")).jobs[0].manifest.run.name;
    const changed = readFileSync(join(at("status"), "jobs.json"), "utf8").replace("long.ts", "none.ts");
    writeFileSync(join(at("status"), "jobs.json"), changed);
    const wrong = await job("status", 0);
    expect([wrong.status, wrong.stderr]).toEqual([42, expect.stringMatching(/failed: .*none\.ts/)]);
    expect((await readRecords(at("status"))).get(name)?.outcome.status).toBe("failed");
    expect((await job("status", 1)).status).toBe(2);
  });
});

describe("sweeps at once", { timeout: 300_000 }, () => {
  test("on the same folders make each run once, several of them at once", async () => {
    const args = ["sweep", recipe("tiny"), "--seeds", "4", "--jobs", "2", ...foldersOf("shared")];
    const both = await Promise.all([blora(args), blora(args)]);
    for (const { status, stdout } of both)
      expect([status, stdout]).toEqual([0, expect.stringContaining("4 of 4 runs done")]);
    const begun = both.flatMap(({ stderr }) => stderr.match(/seed \d/g) ?? []).sort();
    expect(begun).toEqual(["seed 1", "seed 2", "seed 3", "seed 4"]);
    expect(readdirSync(join(at("shared"), "folders", ".leases"))).toEqual([]);
  });
});
