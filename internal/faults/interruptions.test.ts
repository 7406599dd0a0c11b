import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { requireFreeSpace } from "@blora/files";
import type { RunEvent } from "@blora/runs";
import { train } from "@blora/trainer";
import { beforeAll, expect } from "vitest";
import { type Finished, type Kill, requireBuild, blora as runBlora } from "../../apps/cli/test/run-blora.ts";
import { CAN_MOUNT, openSmallDisk } from "../../packages/files/test/small-disk.ts";
import { bundleForNode } from "../../packages/trainer/test/bundle.ts";
import { tinyRun } from "../../packages/trainer/test/tiny-run.ts";
import { fault, refusal } from "./fault.ts";
import { ARGUMENTS, checkpointsIn, digests, finish, RECIPES } from "./small-runs.ts";

beforeAll(requireBuild);

/** Sends the signals one after the other, each as the output comes to match its pattern. */
function signalAt(...signals: [pattern: RegExp, signal: NodeJS.Signals][]): (text: string, kill: Kill) => void {
  let seen = "";
  return (text, kill) => {
    seen += text;
    if (signals[0]?.[0].test(seen)) kill(signals.shift()![1]);
  };
}

const longRun = (out: string): string[] => [
  ...["train", "--config", join(RECIPES, "long.ts"), "--out", out, "--threads", "1"],
  ...["--set", "maxTrainSamples=64", "--set", "maxEvalSamples=32"],
];

fault(39, "a disk that is full when a checkpoint is written", async (folder) => {
  const out = join(folder, "run");
  await runBlora(longRun(out), signalAt([/step 50\//, "SIGINT"]));
  const [good] = checkpointsIn(out);
  const before = digests(join(out, good!));
  const program = fileURLToPath(new URL("../../apps/cli/dist/blora.js", import.meta.url));
  // No file of this shell's processes may grow beyond 200 blocks of 512 bytes: writing more fails, as it does on a full disk.
  const limited = spawn("sh", ["-c", 'ulimit -f 200; exec "$@"', "sh", process.execPath, program, ...longRun(out)]);
  const ended = once(limited, "close");
  let stderr = "";
  let asked = false;
  limited.stderr.on("data", (text: Buffer) => {
    stderr += text;
    if (!asked && /step \d*[05]0\//.test(stderr)) asked = limited.kill("SIGINT");
  });
  expect(await ended).toEqual([1, null]);
  const [sentence] = /^blora: .*$/m.exec(stderr)!;
  expect(sentence).toMatch(
    /^blora: .*\.safetensors: expected a place that can be written, found a limit on the size of files \(EFBIG\)\.$/,
  );
  expect(checkpointsIn(out)).toEqual([good]);
  expect(digests(join(out, good!))).toEqual(before);
  expect(readdirSync(out).filter((name) => name.startsWith(".partial-"))).toEqual([]);
  const preflight = await refusal(() =>
    requireFreeSpace(out, 2 ** 30, { what: "checkpoints", advice: "Free some space." }, async () => 2 ** 20),
  );
  expect(preflight).toBe(
    `InvalidInputError: ${out}: expected 1024.0 MiB free for checkpoints, found 1.0 MiB. Free some space.`,
  );
  const full = CAN_MOUNT ? await onFullDisk() : "No disk could be mounted here to be full.";
  return `before the first step: ${preflight} While writing: ${sentence}; ${good} is whole. On a disk that fills up between two checkpoints: ${full}`;
});

/** What a run says whose disk gets full between two checkpoints; then it goes on to the same bytes as one left alone. */
async function onFullDisk(): Promise<string> {
  const disk = openSmallDisk(2048);
  try {
    const whole = join(disk.path, "whole");
    await finish(whole);
    const out = join(disk.path, "run");
    const before: Record<string, string>[] = [];
    const onEvent = (event: RunEvent): void => {
      if (event.type !== "step" || event.step !== 7) return;
      before.push(digests(join(out, "checkpoint-5")));
      disk.leaveFree(1);
    };
    const came = await refusal(() => train(tinyRun(out, { arguments: ARGUMENTS, onEvent })));
    expect(came).toMatch(/^InvalidInputError: \S+: expected \S+ [KM]iB free for (it|checkpoints), found /);
    expect(before).toEqual([digests(join(out, "checkpoint-5"))]);
    expect(readdirSync(out).filter((name) => name.startsWith("."))).toEqual([]);
    disk.free();
    await finish(out);
    expect(digests(join(out, "adapter"))).toEqual(digests(join(whole, "adapter")));
    return came.replaceAll(disk.path, "DISK");
  } finally {
    disk.close();
  }
}

/** Runs a small training in a process of its own, to its end or to `until`, where it is killed. */
async function inChild(program: string, out: string, until?: () => boolean): Promise<string> {
  const child: ChildProcess = spawn(process.execPath, [program, out], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout!.on("data", (chunk: Buffer) => {
    text += chunk;
  });
  let isOver = false;
  const closed = once(child, "close").then(() => {
    isOver = true;
  });
  while (until !== undefined && !isOver) {
    if (until()) child.kill("SIGKILL");
    await sleep(1);
  }
  await closed;
  return text;
}

fault(40, "kill -9 while a checkpoint is written", async (folder) => {
  const program = await bundleForNode("resume-child");
  const whole = join(folder, "whole");
  await inChild(program, whole);
  const out = join(folder, "run");
  /** Whether a checkpoint after the fourth is just being written, with so many of its files there. */
  const isWriting = (path: string, files: number): boolean => {
    if (!existsSync(join(path, "checkpoint-4"))) return false;
    const partial = readdirSync(path).find((name) => name.startsWith(".partial-checkpoint-"));
    try {
      return partial !== undefined && readdirSync(join(path, partial)).length >= files;
    } catch {
      return false;
    }
  };
  // Killed with none, one and all but the last of the files there, whatever each holds by then.
  for (const files of [0, 1, 2]) {
    const place = join(folder, `killed-${files}`);
    await inChild(program, place, () => isWriting(place, files));
    expect(existsSync(join(place, "summary.json"))).toBe(false);
    await inChild(program, place);
    expect(digests(join(place, "adapter"))).toEqual(digests(join(whole, "adapter")));
    expect(readdirSync(place).filter((name) => name.startsWith("."))).toEqual([]);
  }
  await inChild(program, out, () => isWriting(out, 0));
  expect(existsSync(join(out, "summary.json"))).toBe(false);
  // What a kill between two files of the newest leaves, whatever the moment of this one was.
  const newest = checkpointsIn(out).sort((a, b) => Number(b.slice(11)) - Number(a.slice(11)))[0]!;
  rmSync(join(out, newest, "complete.json"));
  const [first, second] = (await inChild(program, out)).split("\n").map((line) => line.replaceAll(`${out}/`, ""));
  expect(JSON.parse(first!)).toEqual({
    type: "warning",
    message: `Passing over ${newest}, which is incomplete: complete.json is missing.`,
  });
  expect(JSON.parse(second!)).toMatchObject({ type: "resume" });
  expect(digests(join(out, "adapter"))).toEqual(digests(join(whole, "adapter")));
  return `${JSON.parse(first!).message} It goes on from ${JSON.parse(second!).folder} to the same bytes as a run that was left alone, as do runs killed with none, one and two of a checkpoint's files written`;
});

fault(41, "SIGINT, SIGTERM, and SIGINT twice", async (folder) => {
  const step = /step 50\//;
  const first = await runBlora(longRun(join(folder, "int")), signalAt([step, "SIGINT"]));
  const term = await runBlora(longRun(join(folder, "term")), signalAt([step, "SIGTERM"]));
  const saved = [first, term].map(({ status }, index) => [
    status,
    checkpointsIn(join(folder, ["int", "term"][index]!)).length,
  ]);
  expect(saved).toEqual([
    [130, 1],
    [143, 1],
  ]);
  const blocked = ["train", "--config", join(RECIPES, "blocked.ts"), "--out", join(folder, "twice"), "--json"];
  const twice: Finished = await runBlora(blocked, signalAt([/blocked/, "SIGINT"], [/once more/, "SIGINT"]));
  expect([twice.status, twice.stderr]).toEqual([
    130,
    "blocked\n\nfinishing the step and saving; once more to stop at once\n",
  ]);
  return `statuses ${first.status} and ${term.status}, each with a checkpoint of the step; twice: ${twice.status}, at once`;
});
