import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { makeReviews, toCsv } from "../../../examples/own-data/src/reviews.ts";
import { type HubStandIn, startHub } from "../../../packages/hub/test/hub-stand-in.ts";
import { blora, requireBuild } from "./run-blora.ts";

const TOKEN = "hf_aReadingToken";
const FIRST = { commit: "c".repeat(40), files: reviews(1) };
const LATER = { commit: "d".repeat(40), files: reviews(2) };
const FAST = ["--threads", "1", "--method", "lora", "--set", "evalSteps=2"];

function reviews(seed: number): Map<string, Buffer> {
  const rows = (count: number, from: number) => Buffer.from(toCsv(makeReviews(count, from)));
  return new Map([
    ["en/train.csv", rows(60, seed)],
    ["en/validation.csv", rows(20, seed + 10)],
    ["de/train.csv", rows(10, seed + 20)],
  ]);
}

let hub: HubStandIn;
let folder: string;
const at = (name: string): string => join(folder, name);
const adapterFacts = (run: string) =>
  JSON.parse(readFileSync(at(`${run}/adapter/blora_config.json`), "utf8")) as { dataset?: object };

beforeAll(requireBuild);
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "blora-hub-data-"));
  hub = await startHub(TOKEN);
  hub.revisions.set("refs/convert/parquet", null).set("main", FIRST);
  for (const [name, value] of [
    ["HF_ENDPOINT", hub.url],
    ["HF_HOME", at("home")],
    ["HF_TOKEN", TOKEN],
  ])
    vi.stubEnv(name!, value!);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("data of the Hub", () => {
  test("are read, recorded by their commit, and used at it again by resume, eval and predict", async () => {
    const train = ["train", "--data", "hub:me/reviews/en", "--out", at("run"), ...FAST, "--set", "maxSteps=2"];
    const trained = await blora(train);
    expect([trained.status, trained.stderr]).toEqual([
      0,
      expect.stringContaining("hub:me/reviews/en: 60 labelled rows; learns from the text in review"),
    ]);
    const dataset = { id: "me/reviews", config: "en", revision: FIRST.commit };
    expect(adapterFacts("run").dataset).toEqual(dataset);

    hub.revisions.set("main", LATER).set("then", FIRST);
    const resumed = await blora([...train.slice(0, -1), "maxSteps=4", "--allow-config-change", "--json"]);
    expect([resumed.status, resumed.stderr]).toEqual([0, expect.not.stringContaining("data.")]);
    const recorded = JSON.parse(readFileSync(at("run/blora-run.json"), "utf8")) as { data: { dataset: object } };
    expect(recorded.data.dataset).toEqual(dataset);

    hub.requests.length = 0;
    const scored = await blora(["eval", at("run"), "--threads", "1", "--json"]);
    const { splits } = JSON.parse(scored.stdout) as { splits: Record<string, { rows: number }> };
    expect(Object.entries(splits).map(([name, { rows }]) => [name, rows])).toEqual([["validation", 20]]);
    const predicted = await blora(["predict", at("run"), "--data", "hub:me/reviews/en", "--threads", "1"]);
    expect(predicted.stdout.split("\n")[1]).toMatch(/^hub:me\/reviews\/en\/validation\.csv row 2,\d,/);
    expect(hub.requests).toEqual([]);

    const later = await blora(["predict", at("run"), "--data", "hub:me/reviews/en@main", "--threads", "1"]);
    expect(later.status).toBe(0);
    expect(hub.requests.some((request) => request.includes(LATER.commit))).toBe(true);
  });

  test("without a configuration, with a wrong name or a wrong column are refused", async () => {
    const refused = async (...args: string[]) => {
      const { status, stderr } = await blora(["train", "--out", at("refused"), ...args]);
      return [status, stderr.trim().split("\n").at(-1)];
    };
    expect(await refused("--data", "hub:me/reviews")).toEqual([
      1,
      "blora: hub:me/reviews has several configurations: name one, such as hub:me/reviews/de. It has de, en.",
    ]);
    expect(await refused("--data", "hf:me/reviews/en")).toEqual([
      2,
      'blora: --data: Expected a data set of the Hub such as hub:org/name, hub:org/name/config or hub:org/name/config@revision, found "hf:me/reviews/en". Did you mean hub:me/reviews/en?',
    ]);
    expect(await refused("--data", "hub:me/reviews/en", "--set", "task.label=star")).toEqual([
      2,
      "blora: --set task.label=star: hub:me/reviews/en/train.csv: expected a label column star, found the columns review, stars. Did you mean stars?",
    ]);
  });
});
