import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isPeft, readAdapter } from "@blora/adapters";
import { tfjs } from "@blora/engine-tfjs";
import { requireFreeSpace } from "@blora/files";
import { lora } from "@blora/lora";
import type { RunEvent } from "@blora/runs";
import type { Method } from "@blora/spec";
import { ops } from "@blora/tensor";
import { train } from "@blora/trainer";
import { readTensors } from "@blora/weights";
import { beforeAll, expect } from "vitest";
import { type Finished, type Kill, requireBuild, blora as runBlora } from "../../apps/cli/test/run-blora.ts";
import { CAN_MOUNT, openSmallDisk } from "../../packages/files/test/small-disk.ts";
import { bundleForNode } from "../../packages/trainer/test/bundle.ts";
import { H, letterExamples, letterTask, plainLora } from "../../packages/trainer/test/tiny-problem.ts";
import { recorder, TINY_ARGUMENTS, tinyRun } from "../../packages/trainer/test/tiny-run.ts";
import { fault, refusal } from "./fault.ts";

// Some faults are the command's.
beforeAll(requireBuild);

const ARGUMENTS = { ...TINY_ARGUMENTS, maxSteps: 12, saveSteps: 5 };
const RECIPES = fileURLToPath(new URL("../../apps/cli/test/recipes/", import.meta.url));

/** SHA-256 of every file of a folder, by name. */
function digests(folder: string): Record<string, string> {
  const digest = (name: string): string =>
    createHash("sha256")
      .update(readFileSync(join(folder, name)))
      .digest("hex");
  return Object.fromEntries(readdirSync(folder).map((name) => [name, digest(name)]));
}

const checkpointsIn = (folder: string): string[] =>
  readdirSync(folder).filter((name) => name.startsWith("checkpoint-"));

/** Trains to the end; gives what was told. */
async function finish(out: string, change: Parameters<typeof tinyRun>[1] = {}): Promise<RunEvent[]> {
  const { events, onEvent } = recorder();
  await train(tinyRun(out, { arguments: ARGUMENTS, onEvent, ...change }));
  return events;
}

/** Trains until 7 updates are made: `checkpoint-5` and `checkpoint-7` are kept. */
async function interrupt(out: string, change: Parameters<typeof tinyRun>[1] = {}): Promise<void> {
  const { events, onEvent } = recorder();
  const shouldStop = (): boolean => events.some((event) => event.type === "step" && event.step === 7);
  await train(tinyRun(out, { arguments: ARGUMENTS, onEvent, shouldStop, ...change }));
  expect(checkpointsIn(out)).toEqual(["checkpoint-5", "checkpoint-7"]);
}

const warningsOf = (events: readonly RunEvent[]): string[] =>
  events.flatMap((event) => (event.type === "warning" ? [event.message] : []));

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
  // No file of this shell's processes may grow beyond 100 KiB: writing more fails, as it does on a full disk.
  const limited = spawn("bash", ["-c", 'ulimit -f 100; exec "$@"', "bash", process.execPath, program, ...longRun(out)]);
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

fault(42, "a bit flipped in a checkpoint, and the optimizer's file gone", async (folder) => {
  const out = join(folder, "run");
  await interrupt(out);
  const path = join(out, "checkpoint-7", "state.safetensors");
  const bytes = readFileSync(path);
  bytes[bytes.length - 3]! ^= 1;
  writeFileSync(path, bytes);
  rmSync(join(out, "checkpoint-5", "state.safetensors"));
  const came = await refusal(() => finish(out));
  expect(came).toBe(
    "InvalidInputError: Expected a whole checkpoint to resume from, found only damaged ones " +
      `(${out}/checkpoint-7: state.safetensors does not match its SHA-256; ${out}/checkpoint-5: state.safetensors is missing). ` +
      "Restore one, or start anew with overwrite.",
  );
  return came;
});

fault(43, "going on with another rank, engine, data, seed and learning rate", async (folder) => {
  const out = join(folder, "run");
  await interrupt(out, { method: lora({ rank: 2 }) });
  const change = {
    method: lora({ rank: 2 }),
    task: letterTask({ train: letterExamples(88, "train") }),
    arguments: { ...ARGUMENTS, seed: 8, learningRate: 0.01 },
  };
  const came = await refusal(() =>
    finish(out, { ...change, method: lora({ rank: 3 }), engine: tfjs({ backend: "wasm" }) }),
  );
  for (const difference of [
    "rank: 2 -> 3",
    "engine.provider: cpu -> wasm",
    "data.train.rows: 90 -> 88",
    "arguments.learningRate: 0.05 -> 0.01",
    "arguments.seed: 7 -> 8",
  ]) {
    expect(came.replaceAll('"', "")).toContain(difference);
  }
  const events = await finish(out, { ...change, allowConfigChange: true });
  expect(warningsOf(events)).toContain("Resuming with another setting: arguments.seed: 7 -> 8.");
  return came;
});

fault(44, "a second run in the folder of one that is going", async (folder) => {
  const out = join(folder, "run");
  const endings = await Promise.allSettled([finish(out), finish(out)]);
  const refused = endings.flatMap((ending) => (ending.status === "rejected" ? [ending.reason] : []));
  expect(refused).toHaveLength(1);
  const came = await refusal(() => Promise.reject(refused[0]));
  expect(came).toMatch(
    new RegExp(`^FolderInUseError: Expected no other run in this folder, found one by process ${process.pid} on `),
  );
  const gone = join(folder, "gone");
  const dead = spawn(process.execPath, ["--version"]);
  await once(dead, "close");
  mkdirSync(gone);
  const host = /on (.*), started/.exec(came)![1];
  writeFileSync(join(gone, "run.lock"), JSON.stringify({ pid: dead.pid, host, started: "", token: "" }));
  expect((await finish(gone)).at(-1)).toMatchObject({ type: "finish" });
  return `${came} The lock of a process that is gone is taken over`;
});

fault(45, "a loss that becomes NaN at the fourth step", async (folder) => {
  const out = join(folder, "run");
  const plain = plainLora({ dropout: 0 });
  const exploding: Method = {
    ...plain,
    training: {
      beforeStep(store, { step }) {
        if (step === 3) store.update("layer.0.down", { layout: { rank: 2, broken: true } });
      },
    },
    apply(adapter, x, base, context) {
      const y = plain.apply(adapter, x, base, context);
      if (adapter.layout.broken !== true) return y;
      return ops.add(y, ops.log(ops.mul(ops.sum(ops.square(adapter.parameters.B!)), -1)));
    },
  };
  const run = { method: exploding, arguments: { ...TINY_ARGUMENTS, maxSteps: 6, saveSteps: 2 } };
  const came = await refusal(() => finish(out, run));
  expect(came).toBe(
    "NumericalError: Step 4: the task loss is NaN, and the gradient of layer.0.up/A is NaN at entry 0. " +
      `Nothing was updated. A smaller learningRate or maxGradNorm may help. The last good state is ${out}/checkpoint-2.`,
  );
  expect(existsSync(join(out, "summary.json"))).toBe(false);
  const args = ["train", "--config", join(RECIPES, "tiny.ts"), "--out", join(folder, "command"), "--threads", "1"];
  const { status, stderr } = await runBlora([
    ...args,
    ...["learningRate=1e30", "maxGradNorm=0", "maxSteps=8"].flatMap((set) => ["--set", set]),
  ]);
  expect(stderr).toMatch(/^blora: Step \d: .*(NaN|Infinity).* Nothing was updated/m);
  expect(status).toBe(1);
  return `${came} The command ends with status ${status}`;
});

fault(46, "gates that all close, and a penalty that closes none", async (folder) => {
  const out = join(folder, "run");
  const closed: Method = {
    ...plainLora(),
    training: {
      beforeStep(store, { step }) {
        if (step === 1) for (const { path } of store.sites) store.update(path, { layout: { rank: 0 } });
      },
    },
    summary: (_site, { layout }) => ({ rank: layout.rank as number, bits: { A: 2, B: 2 } }),
    export: () => undefined,
  };
  const two = { ...TINY_ARGUMENTS, maxSteps: 2 };
  const { warnings } = await train(tinyRun(out, { method: closed, arguments: two }));
  const empty = "Every site ended with rank 0: the adapter changes nothing but the head. The penalty is too strong.";
  expect(warnings).toContain(empty);
  const adapter = join(out, "adapter");
  expect(isPeft(adapter)).toBe(true);
  const tensors = readTensors(join(adapter, "adapter_model.safetensors"));
  expect(tensors.get("base_model.model.layer.0.up.lora_B.weight")?.values).toEqual(new Float32Array(H));
  expect((await readAdapter(adapter)).description.ranks).toEqual({ "layer.0.up": 0, "layer.0.down": 0 });
  const weak: Method = {
    ...plainLora({ dropout: 0 }),
    training: { penalty: (adapters) => ops.mul(ops.sum(ops.square(adapters[0]!.parameters.A!)), 1e-6) },
  };
  const open = await train(tinyRun(join(folder, "weak"), { method: weak, arguments: two }));
  expect(open.warnings).toContain(
    "The run ended with all ranks and bit widths it began with: the penalty is too weak, or the steps were too few.",
  );
  return `an adapter of zeros that PEFT loads, and: ${empty}`;
});
