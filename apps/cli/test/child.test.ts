import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blora, type Kill, requireBuild } from "./run-blora.ts";

const recipe = (name: string) => fileURLToPath(new URL(`recipes/${name}.ts`, import.meta.url));
const tiny = ["--set", "maxTrainSamples=64", "--set", "maxEvalSamples=32", "--threads", "1"];

let folder: string;
let trained: string;

beforeAll(async () => {
  requireBuild();
  folder = await mkdtemp(join(tmpdir(), "blora-child-"));
  trained = join(folder, "trained");
  const { status } = await blora([
    "train",
    "--config",
    recipe("tiny"),
    "--out",
    trained,
    "--set",
    "maxSteps=2",
    ...tiny,
  ]);
  expect(status).toBe(0);
});
afterAll(() => rm(folder, { recursive: true }));

/** Sends one interrupt for each of the patterns, as the output comes to match it. */
function interruptAt(...patterns: RegExp[]) {
  let seen = "";
  return (text: string, kill: Kill) => {
    seen += text;
    if (patterns[0]?.test(seen)) {
      patterns.shift();
      kill("SIGINT");
    }
  };
}

// A run is over when everyone who held its output is gone: no test here ends while a child is left.
describe("a job in a process of its own", () => {
  test("answers a mistake of the user's with one line", async () => {
    const { status, stdout, stderr } = await blora(["train", "--data", "nowhere", "--task", "rte"]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(/^blora: [^\n]*nowhere[^\n]*\n$/);
  });

  test("answers a fault in the code of a recipe with its class and stack, once, and calls it no bug of ours", async () => {
    const args = ["train", "--config", recipe("bug"), "--out", join(folder, "bug"), "--threads", "1", "--json"];
    const { status, stderr } = await blora(args);
    expect(status).toBe(1);
    const [first, second] = stderr.split("\n");
    expect(first).toBe("blora: TypeError: the plan has no step");
    expect(second).toMatch(/^ {4}at .*beforeStep .*bug\.ts/);
    expect(stderr.match(/blora: /g)).toHaveLength(1);
  });

  test("says how it ended where it gave no answer", async () => {
    const args = ["train", "--config", recipe("crash"), "--out", join(folder, "crash"), "--threads", "1", "--json"];
    const { status, stderr } = await blora(args);
    expect([status, stderr]).toEqual([1, "blora: The training process ended by SIGSEGV.\n"]);
  });

  test("is ended by an interrupt in an evaluation that has nothing to save", async () => {
    const args = ["eval", trained, "--config", recipe("blocked"), ...tiny];
    const { status, stdout, stderr } = await blora(args, interruptAt(/blocked/));
    expect({ status, stdout }).toEqual({ status: 130, stdout: "" });
    expect(stderr).toBe("blocked\nblora: interrupted: the evaluation was ended before there was anything to save.\n");
  });

  test("is ended with its parent by a second interrupt", async () => {
    const args = ["train", "--config", recipe("blocked"), "--out", join(folder, "blocked"), "--threads", "1", "--json"];
    const { status, stderr } = await blora(args, interruptAt(/blocked/, /once more/));
    expect(status).toBe(130);
    expect(stderr).toBe("blocked\n\nfinishing the step and saving; once more to stop at once\n");
  });

  test("saves and ends where its parent is killed", async () => {
    const out = join(folder, "orphan");
    const killed = (text: string, kill: Kill) => /step 50\//.test(text) && kill("SIGKILL");
    const { status } = await blora(["train", "--config", recipe("long"), "--out", out, "--threads", "1"], killed);
    expect(status).toBe(null);
    const checkpoints = (await readdir(out)).filter((name) => name.startsWith("checkpoint-"));
    expect(checkpoints).toHaveLength(1);
    expect(Number(checkpoints[0]!.slice("checkpoint-".length))).toBeGreaterThanOrEqual(50);
    expect(existsSync(join(out, "run.lock"))).toBe(false);
  });

  test.each(["merge", "export"])("leaves nothing half-written of an interrupted %s", async (command) => {
    const place = join(folder, command);
    let kill: Kill | undefined;
    const args = [command, "--adapter", trained, "--out", join(place, "out")];
    const ending = blora(args, undefined, (given) => {
      kill = given;
    });
    const entries = () => readdir(place).catch(() => []);
    while ((await entries()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await entries()).toEqual([expect.stringMatching(/^\.partial-out~.*~\d+~\d*~[\da-f]{8}$/)]);
    kill!("SIGINT");
    const { status, stderr } = await ending;
    expect(status).toBe(130);
    expect(stderr).toBe(`blora: interrupted: the ${command} was ended before there was anything to save.\n`);
    expect(await readdir(place)).toEqual([]);
  });
});
