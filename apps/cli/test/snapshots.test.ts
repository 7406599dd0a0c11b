import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openStore } from "@blora/artefacts";
import { lockFolder } from "@blora/files";
import type { ArtefactStore } from "@blora/spec";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { keepNewest } from "../src/sweep/keep-newest.ts";
import { createSnapshots, fetchResult, removeSnapshots, type Snapshots, saveResult } from "../src/sweep/snapshots.ts";

const ID = "run";
const yes = async (): Promise<boolean> => true;

let place: string;
let store: ArtefactStore;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "blora-snapshots-"));
  store = openStore(`file:${join(place, "store")}`);
});
afterEach(() => rmSync(place, { recursive: true }));

/** The folder of one machine's run, by relative paths. */
function write(machine: string, files: Readonly<Record<string, string>>): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(place, machine, path)), { recursive: true });
    writeFileSync(join(place, machine, path), content);
  }
  return join(place, machine);
}

function contentOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1)).sort();
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(folder, path), "utf8")]));
}

function snapshotsOf(machine: string, attempt = 1, of = store): Snapshots {
  return createSnapshots(of, { id: ID, folder: join(place, machine), attempt });
}

async function keysIn(prefix = ""): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

const FIRST = { "metrics.jsonl": "1\n", "checkpoint-5/state.json": "five", "checkpoint-5/weights": "same" };
const SECOND = { "metrics.jsonl": "1\n2\n", "checkpoint-10/state.json": "ten", "checkpoint-10/weights": "same" };

describe("a checkpoint in a store", () => {
  test("is brought to another machine with what goes on from it needs, and nothing else", async () => {
    write("one", { ...FIRST, ...SECOND, "run.lock": "{}", ".partial-x": "half", "adapter/weights": "done" });
    await snapshotsOf("one").keep(10, yes);
    await snapshotsOf("other").restore();
    expect(contentOf(join(place, "other"))).toEqual(SECOND);
  });

  test("is not brought where there is one as new, and an older one stays beside a newer", async () => {
    write("one", SECOND);
    await snapshotsOf("one").keep(10, yes);
    const ahead = { "metrics.jsonl": "own", "checkpoint-10/state.json": "own" };
    write("ahead", ahead);
    await snapshotsOf("ahead").restore();
    expect(contentOf(join(place, "ahead"))).toEqual(ahead);
    write("behind", { "metrics.jsonl": "own", "checkpoint-5/state.json": "own" });
    await snapshotsOf("behind").restore();
    expect(contentOf(join(place, "behind"))).toEqual({ ...SECOND, "checkpoint-5/state.json": "own" });
  });

  test("is not brought into a folder that somebody trains in", async () => {
    mkdirSync(join(place, "one"));
    const lock = await lockFolder(join(place, "one"));
    await expect(snapshotsOf("one").restore()).rejects.toMatchObject({ name: "FolderInUseError" });
    await lock.release();
  });

  test("takes the place of the one before, and content that stays is sent once", async () => {
    const put = vi.spyOn(store, "put");
    const sent = (): string[] => put.mock.calls.map(([key]) => key).filter((key) => key.includes("/files/"));
    const snapshots = snapshotsOf("one");
    write("one", FIRST);
    await snapshots.keep(5, yes);
    expect(sent()).toHaveLength(3);
    const before = new Set(sent());
    write("one", SECOND);
    await snapshots.keep(10, yes);
    expect(sent()).toHaveLength(5);
    expect(sent().filter((key) => !before.has(key))).toHaveLength(2);
    expect(await keysIn("runs/run/snapshots/")).toEqual(["runs/run/snapshots/000000000010-1.json"]);
    expect(await keysIn("runs/run/files/")).toHaveLength(3);
    // What was removed is sent again.
    write("one", { ...FIRST, "checkpoint-15/weights": "five" });
    await snapshots.keep(15, yes);
    await snapshotsOf("other").restore();
    expect(contentOf(join(place, "other"))).toEqual({ "metrics.jsonl": "1\n", "checkpoint-15/weights": "five" });
  });

  test("is not written by a worker that has lost the run, whenever it finds out", async () => {
    write("one", FIRST);
    for (const answers of [[false], [true, false]]) {
      const asked = vi.fn(async () => answers.shift() ?? false);
      await snapshotsOf("one").keep(5, asked);
      expect(await keysIn("runs/run/snapshots/")).toEqual([]);
    }
  });

  test("stays whole where a worker that was lost wrote it, and where that finds out before it tidies up", async () => {
    write("lost", SECOND);
    write("own", FIRST);
    await snapshotsOf("own", 2).keep(5, yes);
    const answers = [true, true];
    await snapshotsOf("lost", 1).keep(10, async () => answers.shift() ?? false);
    expect(await keysIn("runs/run/snapshots/")).toHaveLength(2);
    // The other goes on below it, and must not take its files away.
    await snapshotsOf("own", 2).keep(5, yes);
    await snapshotsOf("other").restore();
    expect(contentOf(join(place, "other"))).toEqual(SECOND);
  });

  test.each([
    ["gone", (key: string) => rmSync(key)],
    ["cut", (key: string) => writeFileSync(key, "te")],
  ])("is passed over for the one before where a file of it is %s", async (_, damage) => {
    write("one", FIRST);
    await snapshotsOf("one").keep(5, yes);
    write("one", SECOND);
    const answers = [true, true];
    await snapshotsOf("one", 2).keep(10, async () => answers.shift() ?? false);
    const files = (await keysIn("runs/run/files/")).map((key) => join(place, "store", key));
    damage(files.find((file) => readFileSync(file, "utf8") === "ten")!);
    await snapshotsOf("other").restore();
    expect(contentOf(join(place, "other"))).toEqual(FIRST);
  });

  test("is removed when its run is done, with its folders; the result stays, and comes home whole", async () => {
    const result = { "summary.json": "{}", "adapter/weights": "done", "adapter-last/weights": "last" };
    const folder = write("one", { ...FIRST, ...result, "run.lock": "{}", "adapter/.partial-x": "half" });
    await snapshotsOf("one").keep(5, yes);
    const files = await saveResult(store, ID, folder);
    await removeSnapshots(store, ID);
    expect(readdirSync(join(place, "store/runs/run"))).toEqual(["result"]);
    await fetchResult(store, ID, { folder: join(place, "home"), files });
    expect(contentOf(join(place, "home"))).toEqual({ "metrics.jsonl": "1\n", ...result });
    await removeSnapshots(store, "unknown");
    expect(existsSync(join(place, "store/runs/unknown"))).toBe(false);
  });
});

describe("what keeps the newest", () => {
  /** A store that takes as long as a test says. */
  const slowly = (): { kept: number[]; keep: (step: number) => Promise<void>; end: (error?: Error) => void } => {
    const kept: number[] = [];
    const waiting: ((error?: Error) => void)[] = [];
    return {
      kept,
      keep: (step) =>
        new Promise((resolve, reject) => {
          kept.push(step);
          waiting.push((error) => (error === undefined ? resolve() : reject(error)));
        }),
      end: (error) => waiting.shift()!(error),
    };
  };

  test("keeps one at a time, and leaves out what a newer took the place of", async () => {
    const { kept, keep, end } = slowly();
    const failed = vi.fn();
    const keeper = keepNewest(keep, failed);
    for (const step of [1, 2, 3]) keeper.note(step);
    expect(kept).toEqual([1]);
    end();
    await expect.poll(() => kept).toEqual([1, 3]);
    keeper.note(4);
    // Training removed it, because there is a newer one.
    end(new Error("ENOENT"));
    await expect.poll(() => kept).toEqual([1, 3, 4]);
    expect(failed).not.toHaveBeenCalled();
    const ended = keeper.ended();
    end(new Error("no answer"));
    await ended;
    expect(failed.mock.calls).toEqual([[4, new Error("no answer")]]);
    keeper.note(5);
    expect(kept).toEqual([1, 3, 4, 5]);
    end();
    await keeper.ended();
  });
});
