import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { program, requireBuild } from "./run-blora.ts";

let folder = "";

beforeAll(() => {
  requireBuild();
  folder = mkdtempSync(join(tmpdir(), "blora-terminal-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Trains as the first process of a group of its own, as a shell starts a command. */
function training(out: string, maxSteps: number) {
  const settings = [`maxSteps=${maxSteps}`, "maxTrainSamples=32", "maxEvalSamples=16", "loggingSteps=1"];
  const args = ["train", "--method", "lora", "--threads", "1", "--out", out];
  return spawn(process.execPath, [program, ...args, ...settings.flatMap((value) => ["--set", value])], {
    detached: true,
  });
}

test.skipIf(process.platform === "win32")("a terminal that is closed stops a run as an interrupt does", async () => {
  const out = join(folder, "closed");
  const child = training(out, 5000);
  let stdout = "";
  child.stdout.on("data", (text: Buffer) => {
    stdout += text;
  });
  let isTold = false;
  child.stderr.on("data", (text: Buffer) => {
    if (isTold || !/^step 3 /m.test(String(text))) return;
    isTold = true;
    // Every process of the terminal is told, and what they write has no reader any more.
    process.kill(-child.pid!, "SIGHUP");
    child.stderr.destroy();
  });
  const [status] = await once(child, "close");
  expect(status).toBe(129);
  const [, steps] = /^stopped after step (\d+)\./.exec(stdout) ?? [];
  expect(readdirSync(out)).toContain(`checkpoint-${steps}`);
  expect(existsSync(join(out, "run.lock"))).toBe(false);
});

test("a reader of progress that has seen enough ends no run", async () => {
  const out = join(folder, "read");
  const child = training(out, 12);
  child.stdout.resume();
  child.stderr.once("data", () => child.stderr.destroy());
  const [status] = await once(child, "close");
  expect(status).toBe(0);
  expect(existsSync(join(out, "summary.json"))).toBe(true);
});
