import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Task } from "@blora/spec";
import { classify } from "@blora/task-classify";
import { glue } from "@blora/task-glue";
import { instruct } from "@blora/task-instruct";
import { mmlu } from "@blora/task-mmlu";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startHub } from "../../../packages/hub/test/hub-stand-in.ts";
import { openHubData } from "../src/run/hub-data.ts";

const TOKEN = "hf_aReadingToken";
const lines = (...rows: object[]) => Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
/** Four configurations as the Hub lays them out. */
const FILES = new Map([
  [
    "all/test/0000.parquet",
    readFileSync(new URL("../../../fixtures/mmlu/test-00000-of-00001.parquet", import.meta.url)),
  ],
  ["chat/train/0000.jsonl", lines({ prompt: "a", completion: "b" }, { prompt: "c", completion: "d" })],
  ["cola/train/0000.jsonl", lines({ sentence: "x", label: 1, idx: 0 })],
  ["cola/train/0001.jsonl", lines({ sentence: "y", label: 0, idx: 1 })],
  ["reviews/train/0000.jsonl", lines({ text: "good", label: "yes" })],
  ["reviews/validation/0000.jsonl", lines({ text: "bad", label: "no" })],
]);

let hub: Awaited<ReturnType<typeof startHub>>;
let home: string;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "blora-hub-tasks-"));
  hub = await startHub(TOKEN);
  hub.revisions.set("refs/convert/parquet", { commit: "c".repeat(40), files: FILES });
  for (const [name, value] of Object.entries({ HF_ENDPOINT: hub.url, HF_HOME: home, HF_TOKEN: TOKEN }))
    vi.stubEnv(name, value);
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await hub.close();
  rmSync(home, { recursive: true, force: true });
});

const reviews = classify({ kind: "class", labels: ["no", "yes"], text: "text", label: "label" });

test.each<[string, string, Task, readonly string[]]>([
  ["classify", "train", reviews, ["hub:org/set/reviews/train/0000.jsonl row 1"]],
  ["classify", "validation", reviews, ["hub:org/set/reviews/validation/0000.jsonl row 1"]],
  [
    "glue",
    "train",
    glue({ task: "cola" }),
    ["hub:org/set/cola/train/0000.jsonl row 1", "hub:org/set/cola/train/0001.jsonl row 1"],
  ],
  [
    "instruct",
    "train",
    instruct(),
    ["hub:org/set/chat/train/0000.jsonl row 1", "hub:org/set/chat/train/0000.jsonl row 2"],
  ],
])("%s reads %s of a data set of the Hub", async (_, split, task, origins) => {
  const config = origins[0]!.split("/")[2]!;
  const { folder, dataset } = await openHubData({ id: "org/set", config }, false);
  expect(dataset).toEqual({ id: "org/set", config, revision: "c".repeat(40) });
  const { examples } = await task.load(split, folder);
  expect(examples.map(({ origin }) => origin)).toEqual(origins);
});

test("mmlu reads the questions of all subjects from the Hub's parquet files", async () => {
  const { folder } = await openHubData({ id: "org/set", config: "all" }, false);
  const requests = await mmlu({ shots: 0, subjects: ["astronomy"], split: "test" }).likelihood.requests(folder);
  expect(requests.map(({ id }) => id)).toEqual(["astronomy/1"]);
});
