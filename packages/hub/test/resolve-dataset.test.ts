import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { NotFoundError } from "@blora/spec";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ResolveDatasetOptions, resolveDataset } from "../src/index.ts";
import { type HubStandIn, startHub } from "./hub-stand-in.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const TOKEN = "hf_aReadingToken";
const CONVERSION = "refs/convert/parquet";
const CONVERTED = {
  commit: "c".repeat(40),
  files: filesOf({ "a/train/0000.parquet": "one", "b/train/0000.parquet": "two" }),
};

function filesOf(files: Readonly<Record<string, string>>): Map<string, Buffer> {
  return new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]));
}

let hub: HubStandIn;
let cacheFolder: string;
let notes: string[];
beforeEach(async () => {
  hub = await startHub(TOKEN);
  hub.revisions.set(CONVERSION, CONVERTED);
  hub.committed.set("train.csv", Buffer.from("text\nx\n"));
  cacheFolder = temporaryFolder();
  notes = [];
});
afterEach(() => hub.close());

const inFolder = (folder: string) => (names: ReadonlySet<string>) =>
  [...names].filter((name) => name.startsWith(folder));
const resolveIt = (options: Partial<ResolveDatasetOptions> = {}) =>
  resolveDataset("me/set", {
    choose: inFolder("a/"),
    cacheFolder,
    token: TOKEN,
    hubUrl: hub.url,
    retry: { attempts: 2, firstWaitMilliseconds: 0 },
    onNote: (note) => notes.push(note),
    ...options,
  });
const downloads = (): string[] => hub.requests.filter((request) => request.includes("/resolve/"));

describe("resolveDataset", () => {
  test("brings the chosen files of the conversion to parquet, at its commit", async () => {
    const { folder, commit, files } = await resolveIt();
    expect(folder).toBe(join(cacheFolder, "datasets--me--set", "snapshots", CONVERTED.commit));
    expect([commit, files]).toEqual([CONVERTED.commit, ["a/train/0000.parquet"]]);
    expect(readFileSync(join(folder, files[0]!), "utf8")).toBe("one");
    expect(hub.requests[0]).toMatch(/^GET \/api\/datasets\/me\/set\/revision\/refs%2Fconvert%2Fparquet/);
    expect(downloads()[0]).toMatch(/^GET \/datasets\/me\/set\/resolve\/c{40}\/a\/train\/0000\.parquet/);
  });

  test("brings the own files where there is no conversion, or where their revision is asked for", async () => {
    hub.revisions.set(CONVERSION, null);
    const choose = inFolder("train");
    const { commit, files } = await resolveIt({ choose });
    expect([commit, files]).toEqual(["0".repeat(40), ["train.csv"]]);
    expect((await resolveIt({ choose, revision: "v2" })).files).toEqual(["train.csv"]);
    expect(await resolveIt({ choose, offline: true })).toMatchObject({ files: ["train.csv"] });
  });

  test("downloads nothing twice, and asks nobody for a commit it has, or offline", async () => {
    const first = await resolveIt();
    const before = downloads().length;
    expect(await resolveIt()).toEqual(first);
    expect(downloads()).toHaveLength(before);
    hub.requests.length = 0;
    expect(await resolveIt({ revision: CONVERTED.commit })).toEqual(first);
    expect(await resolveIt({ offline: true })).toEqual(first);
    expect(await resolveIt({ environment: { HF_HUB_OFFLINE: "1" } })).toEqual(first);
    expect(hub.requests).toEqual([]);
    expect(notes).toEqual([]);
  });

  test("goes on with the commit it is told, though the branch has another since", async () => {
    const { folder } = await resolveIt();
    hub.revisions.set(CONVERSION, { commit: "d".repeat(40), files: filesOf({ "a/train/0000.parquet": "new" }) });
    hub.revisions.set("then", CONVERTED);
    expect((await resolveIt({ revision: CONVERTED.commit })).folder).toBe(folder);
    const later = await resolveIt();
    expect(readFileSync(join(later.folder, later.files[0]!), "utf8")).toBe("new");
  });

  test.each(["http://127.0.0.1:1", 503, 429])(
    "says that it takes the cached copy where the Hub answers %s",
    async (fault) => {
      const { folder } = await resolveIt();
      if (typeof fault === "number") hub.faults.set("/revision/", [fault, fault]);
      hub.retryAfter = "0";
      const again = await resolveIt(typeof fault === "string" ? { hubUrl: fault } : {});
      expect(again.folder).toBe(folder);
      expect(notes).toEqual([
        "The Hub does not answer: the cached copy of me/set at revision refs/convert/parquet is used.",
      ]);
    },
  );

  test("knows what a cached copy lacks", async () => {
    const { folder } = await resolveIt();
    await expect(resolveIt({ offline: true, choose: inFolder("b/") })).rejects.toThrow(
      "The cached copy of me/set at revision refs/convert/parquet is not complete: it lacks b/train/0000.parquet. Offline mode forbids to download the rest.",
    );
    rmSync(join(folder, "a"), { recursive: true });
    await expect(resolveIt({ offline: true })).rejects.toThrow("it lacks a/train/0000.parquet");
    expect((await resolveIt()).folder).toBe(folder);
  });

  test("that is not there says so, of the Hub alone", async () => {
    hub.faults.set("/revision/", [404, 404]);
    const absent = resolveIt();
    await expect(absent).rejects.toThrow(NotFoundError);
    await expect(absent).rejects.toThrow(
      /has no data set me\/set at revision main\. Is the name spelled right\? If it is private, may the token read it\?$/,
    );
    await expect(resolveIt({ offline: true })).rejects.toThrow(
      /^me\/set at revision refs\/convert\/parquet is not in the cache, and offline mode forbids to download it\.$/,
    );
    await expect(resolveIt({ hubUrl: "http://127.0.0.1:1" })).rejects.toThrow(
      /^Cannot download me\/set from http.*\)?$/,
    );
    await expect(resolveIt({ token: "hf_another" })).rejects.toThrow(
      /does not know the token it was given.*What is public needs no token\.$/,
    );
  });

  test("is asked again after a busy answer, and goes on after a cut in the middle of a file", async () => {
    hub.faults.set("/revision/", [503]);
    hub.faults.set("0000.parquet", ["half"]);
    const { folder, files } = await resolveIt();
    expect(readFileSync(join(folder, files[0]!), "utf8")).toBe("one");
    expect(hub.ranges).toEqual(["bytes=1-2"]);
  });

  test("reaches `choose`'s own errors, and does not try other files after them", async () => {
    const choose = () => {
      throw new Error("none of these");
    };
    await expect(resolveIt({ choose })).rejects.toThrow("none of these");
    expect(hub.requests.filter((request) => request.includes("main"))).toEqual([]);
  });
});
