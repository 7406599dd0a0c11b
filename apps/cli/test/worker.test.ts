import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { builtinModelFolder } from "@blora/builtin";
import { readRecords } from "@blora/runs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { HAS_QUEUE_SERVER, type QueueServer, startQueueServer } from "../../../internal/servers/queue-server.ts";
import { CAN_MOUNT, openSmallDisk } from "../../../internal/small-disk.ts";
import { blora, type Finished, type Kill, requireBuild } from "./run-blora.ts";

const PASSWORD = "passphrase/of:tests@";
const recipe = (name: string) => fileURLToPath(new URL(`recipes/${name}.ts`, import.meta.url));

/** A command that goes on while a test does something else. */
interface Begun {
  readonly ended: Promise<Finished>;
  kill: Kill;
  /** Once it has said so on standard error. */
  said(words: RegExp | string): Promise<void>;
}

function begin(args: readonly string[]): Begun {
  let output = "";
  let kill: Kill = () => undefined;
  const ended = blora(
    args,
    (text) => {
      output += text;
    },
    (own) => {
      kill = own;
    },
  );
  return {
    ended,
    kill,
    async said(words) {
      await expect.poll(() => output, { timeout: 120_000, interval: 50 }).toMatch(words);
    },
  };
}

test("a sweep on a queue asks for a store, before anything else", async () => {
  const { status, stderr } = await blora(["sweep", recipe("tiny"), "--on", "redis://127.0.0.1:1"]);
  expect([status, stderr]).toEqual([
    2,
    "blora: --on: expected --store file:<folder> or --store s3://bucket/prefix, for what the workers make, found none.\n",
  ]);
});

test.each([
  [["--cancel"], "--cancel", "none"],
  [["--watch", "--on", "slurm"], "--watch", "--on slurm"],
  [["--store", "file:x", "--on", "local"], "--store", "none"],
])("a sweep starts nothing with %j, which are of a queue", async (flags, name, found) => {
  const { status, stdout, stderr } = await blora(["sweep", recipe("tiny"), ...flags]);
  expect([status, stdout, stderr]).toEqual([
    2,
    "",
    `blora: ${name}: expected a queue, --on redis://host or --on rediss://host, found ${found}.\n`,
  ]);
});

test("a sweep is watched or cancelled, not both", async () => {
  const flags = ["--on", "redis://127.0.0.1:1", "--cancel", "--watch"];
  const { status, stderr } = await blora(["sweep", recipe("tiny"), ...flags]);
  expect([status, stderr]).toEqual([2, "blora: --cancel: expected it without --watch, found both.\n"]);
});

describe.skipIf(!HAS_QUEUE_SERVER)("blora worker", { timeout: 300_000 }, () => {
  let server: QueueServer;
  let folder: string;
  let queue = 0;
  const commands: Begun[] = [];
  beforeAll(async () => {
    requireBuild();
    process.env.BLORA_QUEUE_PASSWORD = PASSWORD;
    server = await startQueueServer({ password: PASSWORD });
  });
  afterAll(async () => {
    delete process.env.BLORA_QUEUE_PASSWORD;
    await server.kill();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "blora-worker-"));
    queue += 1;
  });
  afterEach(async () => {
    for (const { kill } of commands) kill("SIGKILL");
    await Promise.all(commands.splice(0).map(({ ended }) => ended));
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  });

  const start = (args: readonly string[]): Begun => {
    const on = ["--on", `redis://127.0.0.1:${server.port}`, "--queue", `q${queue}`];
    const begun = begin([...args, ...on, "--threads", "1"]);
    commands.push(begun);
    return begun;
  };
  const worker = (...args: readonly string[]): Begun =>
    start(["worker", "--lease", "2", "--runs", join(folder, "worker"), ...args]);
  const sweep = (...args: readonly string[]): Begun => {
    const places = ["--store", `file:${join(folder, "store")}`, "--out", join(folder, "out")];
    return start(["sweep", ...places, "--runs", join(folder, "home"), ...args]);
  };
  const filesOf = (place: string): string[] =>
    readdirSync(join(folder, place), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));

  test("does what was queued; --watch shows it and brings it home; nothing holds the password", async () => {
    const queued = await sweep(recipe("tiny"), "--seeds", "2").ended;
    expect([queued.status, queued.stderr]).toEqual([0, "0 of 2 runs done, 2 queued or running\n"]);
    const working = worker();
    const { status, stdout, stderr } = await sweep(recipe("tiny"), "--seeds", "2", "--watch").ended;
    expect([status, stdout], stderr).toEqual([0, expect.stringContaining("2 of 2 runs done")]);
    const records = [...(await readRecords(join(folder, "out"))).values()];
    expect(records.map(({ seed, outcome }) => [seed, outcome.status])).toEqual([
      [1, "done"],
      [2, "done"],
    ]);
    for (const { name } of records) {
      expect(stderr).toMatch(new RegExp(`^${name}: on .+:\\d+$`, "m"));
      expect(stderr.match(new RegExp(`^${name}: done$`, "gm"))).toHaveLength(1);
      const home = readdirSync(join(folder, "home", name)).sort();
      expect(home).toEqual(expect.arrayContaining(["adapter", "blora-run.json", "summary.json"]));
      expect(home.filter((file) => file.startsWith("checkpoint-"))).toEqual([]);
    }
    expect(stderr).toMatch(/^2 of 2 done, 0 running, 0 queued$/m);
    expect(readdirSync(join(folder, "store")).sort()).toEqual(["records", "runs"]);
    for (const run of readdirSync(join(folder, "store/runs"))) {
      expect(readdirSync(join(folder, "store/runs", run))).toEqual(["result"]);
    }
    working.kill("SIGTERM");
    const ended = await working.ended;
    expect([ended.status, ended.stdout]).toEqual([143, ""]);
    const said = [queued, ended, { stdout, stderr }].map((one) => `${one.stdout}${one.stderr}`).join("");
    expect(said).not.toContain("passphrase");
    for (const file of ["store", "out", "home", "worker"].flatMap(filesOf)) {
      expect(readFileSync(file).includes("passphrase"), file).toBe(false);
    }
    const again = await sweep(recipe("tiny"), "--seeds", "2", "--watch").ended;
    expect([again.status, again.stderr]).toEqual([0, "2 of 2 runs done, 0 queued or running\n"]);
  });

  test("saves where it is interrupted, and another machine goes on from its checkpoint", async () => {
    const watching = sweep(recipe("saving"), "--watch");
    const first = worker();
    await first.said(/step 20 /);
    first.kill("SIGINT");
    expect((await first.ended).status).toBe(130);
    await watching.said(/: queued again/);
    const second = start(["worker", "--lease", "2", "--runs", join(folder, "other")]);
    await second.said(/resumed at step \d+ from .*other/);
  });

  test("puts the checkpoint of its stopping into the store, and another machine goes on from that very step", async () => {
    const watching = sweep(recipe("long"), "--watch");
    const first = worker();
    await first.said(/step 50\//);
    first.kill("SIGINT");
    const ended = await first.ended;
    expect(ended.status, ended.stderr).toBe(130);
    const [saved] = readdirSync(join(folder, "worker"), { recursive: true, encoding: "utf8" })
      .map((path) => /checkpoint-(\d+)$/.exec(path)?.[1])
      .filter((step) => step !== undefined);
    const [run] = readdirSync(join(folder, "store/runs"));
    const step = String(saved).padStart(12, "0");
    expect(readdirSync(join(folder, "store/runs", run!, "snapshots"))).toEqual([`${step}-1.json`]);
    await watching.said(/: queued again/);
    const second = start(["worker", "--lease", "2", "--runs", join(folder, "other")]);
    await second.said(new RegExp(`resumed at step ${saved} from .*other`));
    // Its process is asked to save by the first and is not waited for after the second.
    await second.said(/step \d+\/5000/);
    second.kill("SIGINT");
    second.kill("SIGINT");
    expect((await second.ended).status).toBe(130);
  });

  test("goes on where --watch is interrupted, and stops its run where that is cancelled", async () => {
    const watching = sweep(recipe("long"), "--watch");
    const working = worker();
    await working.said(/step 50\//);
    watching.kill("SIGINT");
    const { status, stderr } = await watching.ended;
    expect(status).toBe(130);
    expect(stderr).toContain("the workers go on: watch them again with --watch, stop them with --cancel\n");
    await working.said(/step 100\//);
    const cancelled = await start(["sweep", recipe("long"), "--cancel"]).ended;
    expect([cancelled.status, cancelled.stderr]).toEqual([
      0,
      "cancelled what was queued or running; workers stop within seconds\n",
    ]);
    // It is free for others, and nothing is left of what was cancelled.
    const next = await sweep(recipe("tiny"), "--watch").ended;
    expect([next.status, next.stdout], next.stderr).toEqual([0, expect.stringContaining("1 of 1 runs done")]);
    expect(next.stderr).not.toContain("long");
    // What it saved as it stopped is not written under a lease that is gone.
    expect(readdirSync(join(folder, "store/runs"))).toHaveLength(1);
    working.kill("SIGTERM");
    expect((await working.ended).status).toBe(143);
  });

  test("tells once what every attempt would end in, and --watch ends with 1", async () => {
    process.env.BLORA_TEST_FOLDER = folder;
    cpSync(builtinModelFolder(), join(folder, "a/m"), { recursive: true });
    const queued = await sweep(recipe("model-a")).ended;
    expect(queued.status, queued.stderr).toBe(0);
    // The worker's machine has no such model; the recipe names a folder.
    const watching = sweep(recipe("model-a"), "--watch");
    await watching.said("queued or running");
    rmSync(join(folder, "a"), { recursive: true });
    const working = worker();
    const { status, stderr, stdout } = await watching.ended;
    delete process.env.BLORA_TEST_FOLDER;
    expect(status).toBe(1);
    expect(stdout).toContain("0 of 1 runs done, 1 failed");
    expect(stderr.match(/: failed: /g)).toHaveLength(1);
    expect(stderr).toContain(join(folder, "a/m"));
    await working.said("waiting for jobs");
  });

  test("that has no keys for the store gives the run back, says so, and ends", async () => {
    const watching = sweep(recipe("tiny"), "--watch");
    await watching.said("queued or running");
    const { status, stderr } = await worker("--store", "s3://bucket/prefix").ended;
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^blora: s3:\/\/bucket\/prefix\/: expected the keys of the service in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, found none\. The job is left to other workers\.$/m,
    );
    worker();
    expect((await watching.ended).status).toBe(0);
  });

  test.skipIf(!CAN_MOUNT).each([
    ["full", 0],
    ["too full for a checkpoint", 40],
  ])("whose disk is %s does so too", async (_, pages) => {
    const disk = openSmallDisk(64);
    try {
      const watching = sweep(recipe("tiny"), "--watch");
      await watching.said("queued or running");
      disk.leaveFree(pages);
      const { status, stderr } = await worker("--runs", join(disk.path, "runs")).ended;
      expect(status).toBe(1);
      expect(stderr).toMatch(/^blora: .* free for .* The job is left to other workers\.$/m);
      worker();
      expect((await watching.ended).status).toBe(0);
    } finally {
      disk.close();
    }
  });

  test("ends where it is asked to while the server does not answer", async () => {
    const own = await startQueueServer();
    const working = begin(["worker", "--on", own.url, "--runs", join(folder, "worker")]);
    commands.push(working);
    await working.said("waiting for jobs");
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await own.kill();
    await working.said(/does not answer \(ECONN\w+\): waiting for it\./);
    working.kill("SIGTERM");
    expect((await working.ended).status).toBe(143);
    expect(existsSync(join(folder, "worker"))).toBe(false);
  });
});
