import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeReviews, toCsv } from "../../../examples/own-data/src/reviews.ts";
import { HAS_QUEUE_SERVER, type QueueServer, startQueueServer } from "../../../internal/servers/queue-server.ts";
import { writeTinyQwen2 } from "../../../internal/tiny-models/tiny-qwen2.ts";
import { blora, type Finished, type Kill, requireBuild } from "./run-blora.ts";

/** More than two parts of 1,024 rows. */
const ROWS = 2100;
const SUBJECTS = { anatomy: 5, astronomy: 3, virology: 4 } as const;
const SHARDS = 2;

let folder = "";
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  requireBuild();
  folder = mkdtempSync(join(tmpdir(), "blora-shards-"));
  writeTinyQwen2(at("model"), { randomHead: true });
  writeQuestions(at("mmlu"));
  writeFileSync(at("few.csv"), toCsv(makeReviews(40, 1)));
  writeFileSync(at("many.csv"), toCsv(makeReviews(ROWS, 2)));
  const sets = ["maxSteps=2", "evalSteps=2", "maxSeqLength=16", "perDeviceTrainBatchSize=4", "learningRate=0.02"];
  const given = ["--model", at("model"), "--method", "lora", "--data", at("few.csv"), "--threads", "1"];
  const { status, stderr } = await blora([
    "train",
    ...given,
    ...sets.flatMap((set) => ["--set", set]),
    "--out",
    at("run"),
  ]);
  if (status !== 0) throw new Error(stderr);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Questions that nobody need know the answers of: which of four numbers is in the middle of three. */
function writeQuestions(place: string): void {
  for (const [subject, count] of Object.entries(SUBJECTS)) {
    for (const [split, rows] of [
      ["dev", 5],
      ["test", count],
    ] as const) {
      const lines = Array.from({ length: rows }, (_, row) => {
        const first = row * (subject.length + 1);
        return `Which ${subject} number is between ${first} and ${first + 2}?,${first},${first + 1},${first + 2},9,B\n`;
      });
      const file = join(place, split, `${subject}_${split}.csv`);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, lines.join(""));
    }
  }
}

const evaluate = (out: string, ...flags: readonly string[]): Promise<Finished> => {
  const asked = ["--subjects", Object.keys(SUBJECTS).join(","), "--shots", "1", "--threads", "1", "--json"];
  const model = ["--task", "mmlu", "--model", at("model"), "--data", at("mmlu")];
  return blora(["eval", ...model, ...asked, "--out", at(out), ...flags]);
};
const predict = (out: string, ...flags: readonly string[]): Promise<Finished> =>
  blora(["predict", at("run"), "--data", at("many.csv"), "--threads", "1", "--out", at(out), ...flags]);

const answersOf = (out: string): readonly string[] =>
  readFileSync(join(at(out), "answers.jsonl"), "utf8")
    .trim()
    .split("\n")
    .sort();

/** What an evaluation and a prediction give that nobody parted. */
const whole = once(async () => {
  const { status, stdout } = await evaluate("whole");
  const predicted = await predict("whole.csv");
  expect([status, predicted.status]).toEqual([0, 0]);
  const { results, thisRun } = JSON.parse(stdout);
  expect(thisRun.questions).toBe(12);
  expect(results.groups.subject.anatomy.questions).toBe(5);
  const csv = readFileSync(at("whole.csv"), "utf8");
  expect(csv.trim().split("\n")).toHaveLength(ROWS + 1);
  // A network that says the same of every row would show nothing.
  expect(
    new Set(
      csv
        .trim()
        .split("\n")
        .map((line) => line.split(",").slice(2).join()),
    ).size,
  ).toBeGreaterThan(10);
  return { results, answers: answersOf("whole"), csv };
});

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

async function expectWhole(name: string, evaluated: Finished, predicted: Finished): Promise<void> {
  const expected = await whole();
  expect([evaluated.status, predicted.status], evaluated.stderr + predicted.stderr).toEqual([0, 0]);
  const summary = JSON.parse(evaluated.stdout);
  // Every answer was found, none asked for.
  expect(summary.thisRun.questions).toBe(0);
  expect(summary.results).toEqual(expected.results);
  expect(answersOf(name)).toEqual(expected.answers);
  expect(readFileSync(at(`${name}.csv`), "utf8")).toBe(expected.csv);
  expect(readdirSync(folder).filter((entry) => entry.startsWith(`.partial-${name}`))).toEqual([]);
}

describe("shards of a causal language model", { timeout: 300_000 }, () => {
  test("in processes of their own give what one process gives, to the last bit", async () => {
    const flags = ["--shards", `${SHARDS}`];
    await expectWhole("local", await evaluate("local", ...flags), await predict("local.csv", ...flags));
  });

  test("are refused without what workers need", async () => {
    const address = "redis://127.0.0.1:1";
    const without = await evaluate("without", "--shards", "2", "--on", address);
    expect([without.status, without.stderr]).toEqual([
      2,
      expect.stringContaining("--on: expected --store file:<folder>"),
    ]);
    const single = await evaluate("without", "--on", address, "--store", `file:${at("none")}`);
    expect([single.status, single.stderr]).toEqual([2, expect.stringContaining("--on: expected --shards")]);
    const other = await evaluate("without", "--shards", "2", "--on", "http://:hidden@host");
    expect(other.status).toBe(2);
    expect(other.stderr).not.toContain("hidden");
    expect(existsSync(at("without"))).toBe(false);
  });
});

describe.skipIf(!HAS_QUEUE_SERVER)("shards through a queue", { timeout: 300_000 }, () => {
  let server: QueueServer;
  let address: readonly string[];
  const workers: { readonly kill: Kill; readonly ended: Promise<Finished> }[] = [];
  const startWorker = (name: string, ...flags: readonly string[]): void => {
    let kill: Kill = () => undefined;
    const args = ["worker", "--on", server.url, "--runs", at(name), ...flags];
    const ended = blora(args, undefined, (given) => {
      kill = given;
    });
    workers.push({ kill: (signal) => kill(signal), ended });
  };
  const endWorkers = async (): Promise<readonly Finished[]> => {
    const ended = workers.splice(0);
    for (const { kill } of ended) kill("SIGTERM");
    return Promise.all(ended.map((worker) => worker.ended));
  };

  beforeAll(async () => {
    server = await startQueueServer();
    address = ["--shards", `${SHARDS}`, "--on", server.url, "--store", `file:${at("store")}`];
  });
  afterAll(async () => {
    await endWorkers();
    await server.kill();
  });

  test("are answered by workers, to the last bit, and not again", async () => {
    startWorker("first");
    startWorker("second");
    await expectWhole("remote", await evaluate("remote", ...address), await predict("remote.csv", ...address));
    for (const { status } of await endWorkers()) expect(status).toBe(143);
    // Nobody answers any more: what is in the store is taken from there. Names of answers are part of a shard.
    rmSync(at("remote"), { recursive: true });
    const again = await evaluate("remote", ...address);
    expect(JSON.parse(again.stdout).results).toEqual((await whole()).results);
    expect(readdirSync(join(at("first"), ".shards"))).toEqual([]);
  });

  test("are left by a worker that has other questions, and answered by another", async () => {
    writeQuestions(at("other"));
    writeFileSync(join(at("other"), "test", "anatomy_test.csv"), "Which number is one?,1,2,3,4,A\n");
    startWorker("wrong", "--data", at("other"));
    const evaluated = evaluate("left", ...address);
    const [wrong] = workers.splice(0);
    const { status, stderr } = await wrong!.ended;
    expect([status, stderr]).toEqual([1, expect.stringContaining("Expected the data that the shards were made for")]);
    startWorker("right");
    const { stdout } = await evaluated;
    expect(JSON.parse(stdout).results).toEqual((await whole()).results);
    await endWorkers();
  });
});
