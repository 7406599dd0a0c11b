import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { adalora } from "@blora/lora";
import type { RunEvent } from "@blora/runs";
import { uniformValues } from "@blora/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import { train } from "../src/train.ts";
import { bundleForNode } from "./bundle.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { recorder, TINY_ARGUMENTS, tinyRun } from "./tiny-run.ts";

/** SHA-256 of every file of a folder, by name. */
function digests(folder: string): Record<string, string> {
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({ name }) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(folder, name)))
        .digest("hex"),
    ]),
  );
}

/** What a log says, without wall-clock times. */
function timeless(folder: string): unknown[] {
  const lines = readFileSync(join(folder, "metrics.jsonl"), "utf8").trim().split("\n");
  return lines.map((line) => {
    const { tokensPerSecond: _, ...record } = JSON.parse(line) as Record<string, unknown>;
    return record;
  });
}

describe("a run killed with SIGKILL", () => {
  let program: string;
  beforeAll(async () => {
    program = await bundleForNode("resume-child");
  });

  /** Runs the child until done, or kills it `delay` ms after it says that a step is done. */
  const child = (out: string, step?: number, delay = 0): Promise<{ lines: string[]; killed: boolean }> =>
    new Promise((resolve, reject) => {
      const started = spawn(process.execPath, [program, out], { stdio: ["ignore", "pipe", "pipe"] });
      let text = "";
      let errors = "";
      started.stdout.on("data", (chunk: Buffer) => {
        text += chunk;
        if (text.includes(`step ${step}\n`)) setTimeout(() => started.kill("SIGKILL"), delay);
      });
      started.stderr.on("data", (chunk: Buffer) => {
        errors += chunk;
      });
      started.on("close", (code, signal) => {
        const killed = signal === "SIGKILL";
        if (code === 0 || killed) resolve({ lines: text.trim().split("\n"), killed });
        else reject(new Error(errors));
      });
    });

  it("resumes to bitwise the same adapter and log, whenever it is killed (row 40)", { timeout: 600_000 }, async () => {
    const whole = join(temporaryFolder(), "run");
    await child(whole);
    const expected = { adapter: digests(join(whole, "adapter")), log: timeless(whole) };
    const seed = Number(process.env.BLORA_PROPERTY_SEED ?? 1);
    let kills = 0;
    for (let attempt = 0; attempt < 10 && kills < 3; attempt++) {
      const out = join(temporaryFolder(), "run");
      const [drawnStep, drawnDelay] = uniformValues({ seed, step: attempt, path: "kill" }, 2);
      const step = 1 + Math.floor(22 * drawnStep!);
      const delay = Math.floor(15 * drawnDelay!);
      // On a busy machine the child may be done before it is killed.
      if (!(await child(out, step, delay)).killed) continue;
      kills++;
      const resumed = await child(out);
      const moment = `killed ${delay} ms after step ${step}, went on with ${resumed.lines[0]}`;
      expect(digests(join(out, "adapter")), moment).toEqual(expected.adapter);
      expect(timeless(out), moment).toEqual(expected.log);
      if (step > 3) expect(resumed.lines[0], moment).toContain('"type":"resume"');
    }
    expect(kills).toBe(3);
  });
});

describe("an interrupted run", () => {
  const args = { ...TINY_ARGUMENTS, maxSteps: 12, saveSteps: 5 };

  /** Trains until `steps` updates are made. */
  async function interrupt(out: string, steps: number, given = args): Promise<void> {
    let made = 0;
    const summary = await train(
      tinyRun(out, {
        arguments: given,
        onEvent: (event) => {
          if (event.type === "step") made = event.step;
        },
        shouldStop: () => made === steps,
      }),
    );
    expect(summary).toMatchObject({ interrupted: true, steps });
  }

  async function finish(out: string, change: Parameters<typeof tinyRun>[1] = {}): Promise<RunEvent[]> {
    const { events, onEvent } = recorder();
    await train(tinyRun(out, { arguments: args, onEvent, ...change }));
    return events;
  }

  it("saves where it stops, and goes on from there to the same adapter (row 41)", async () => {
    const whole = temporaryFolder();
    await finish(whole);
    const out = temporaryFolder();
    await interrupt(out, 7);
    expect(readdirSync(out).filter((name) => name.startsWith("checkpoint-"))).toEqual(["checkpoint-5", "checkpoint-7"]);
    const events = await finish(out);
    expect(events.find(({ type }) => type === "resume")).toEqual({
      type: "resume",
      step: 7,
      folder: join(out, "checkpoint-7"),
    });
    expect(digests(join(out, "adapter"))).toEqual(digests(join(whole, "adapter")));
  });

  it.each([4, 12])("gives up the evaluation after step %i, and makes it first when it goes on", async (step) => {
    const evaluating = { arguments: { ...args, evalSteps: 4, saveSteps: 4 } };
    const whole = temporaryFolder();
    await finish(whole, evaluating);
    const out = temporaryFolder();
    const { events, onEvent } = recorder();
    const shouldStop = (): boolean => events.some((event) => event.type === "step" && event.step === step);
    expect(await train(tinyRun(out, { ...evaluating, onEvent, shouldStop }))).toMatchObject({
      interrupted: true,
      steps: step,
    });
    expect(events.some((event) => event.type === "evaluation" && event.step === step)).toBe(false);
    const evaluations = (await finish(out, evaluating)).filter(({ type }) => type === "evaluation");
    expect(evaluations[0]).toMatchObject({ step });
    expect(digests(join(out, "adapter"))).toEqual(digests(join(whole, "adapter")));
    const [kept, expected] = [out, whole].map((folder) => digests(join(folder, "checkpoint-12")));
    for (const name of ["state.safetensors", "best.safetensors"]) expect(kept![name]).toBe(expected![name]);
    expect(timeless(out)).toEqual(timeless(whole));
  });

  it("goes on from an older checkpoint where the newest is damaged, and says so (row 42)", async () => {
    const whole = temporaryFolder();
    await finish(whole);
    const out = temporaryFolder();
    await interrupt(out, 7);
    const path = join(out, "checkpoint-7", "state.safetensors");
    const bytes = readFileSync(path);
    bytes[bytes.length - 3]! ^= 1;
    writeFileSync(path, bytes);
    const events = await finish(out);
    expect(events).toContainEqual({
      type: "warning",
      message: `Passing over ${join(out, "checkpoint-7")}, which is damaged: state.safetensors does not match its SHA-256.`,
    });
    expect(events.find(({ type }) => type === "resume")).toMatchObject({ step: 5 });
    expect(digests(join(out, "adapter"))).toEqual(digests(join(whole, "adapter")));
  });

  it("refuses other settings, prints them, and takes them where allowed (row 43)", async () => {
    const out = temporaryFolder();
    await interrupt(out, 7);
    const change = { arguments: { ...args, learningRate: 0.01, seed: 8 } };
    await expect(finish(out, change)).rejects.toThrow(
      /found arguments\.learningRate: 0\.05 -> 0\.01; arguments\.seed: 7 -> 8\. Choose another folder, .*allowConfigChange/,
    );
    const events = await finish(out, { ...change, allowConfigChange: true });
    expect(events).toContainEqual({
      type: "warning",
      message: "Resuming with another setting: arguments.seed: 7 -> 8.",
    });
    expect(events.at(-1)).toMatchObject({ type: "finish", summary: { steps: 12, seed: 8 } });
  });

  it("of a method that prunes keeps its settings, whatever is allowed", async () => {
    const out = temporaryFolder();
    const method = (initialRank: number) => adalora({ initialRank, targetRank: 2 });
    let made = 0;
    const onEvent = ({ type }: RunEvent): void => {
      if (type === "step") made++;
    };
    await train(tinyRun(out, { arguments: args, method: method(4), onEvent, shouldStop: () => made === 7 }));
    const before = digests(join(out, "checkpoint-7"));
    await expect(finish(out, { method: method(8), allowConfigChange: true })).rejects.toThrow(
      `${out}: expected a checkpoint that these settings can go on from, found one of a method that prunes by other settings (method.options.initialRank: 4 -> 8; method.options.alpha: 8 -> 16). Choose another folder`,
    );
    expect(digests(join(out, "checkpoint-7"))).toEqual(before);
    const steps = { arguments: { ...args, maxSteps: 16 }, method: method(4), allowConfigChange: true };
    expect((await finish(out, steps)).at(-1)).toMatchObject({ type: "finish", summary: { steps: 16 } });
  });

  it("with other rows of evaluation keeps the best weights of those alone", async () => {
    const out = temporaryFolder();
    const always = { ...args, learningRate: 1e-9, evalSteps: 2, saveSteps: 1 };
    // One row, which is always answered rightly or never: no score can pass it where it is right.
    let made = 0;
    const onEvent = ({ type }: RunEvent): void => {
      if (type === "step") made++;
    };
    const few = { ...always, maxEvalSamples: 1 };
    await train(tinyRun(out, { arguments: few, onEvent, shouldStop: () => made === 7 }));
    const events = await finish(out, { arguments: { ...always, maxEvalSamples: 30 }, allowConfigChange: true });
    expect(events).toContainEqual({
      type: "warning",
      message:
        "The best evaluation so far, at step 2, was of other rows: it is no longer compared, and its weights are not kept.",
    });
    const { summary } = events.at(-1) as Extract<RunEvent, { type: "finish" }>;
    expect(summary.metrics.best!.step).toBe(8);
    expect(summary.rows.eval).toBe(30);
    const whole = await train(tinyRun(temporaryFolder(), { arguments: { ...always, maxEvalSamples: 30 } }));
    expect(summary.metric.value).toBe(whole.metric.value);
  });

  const stopped = { ...TINY_ARGUMENTS, learningRate: 1e-9, maxSteps: 6, evalSteps: 1, earlyStoppingPatience: 1 };

  it("that stopped early goes on with more patience, as one that had it from the start", async () => {
    const out = temporaryFolder();
    const whole = temporaryFolder();
    expect((await finish(out, { arguments: stopped })).at(-1)).toMatchObject({ summary: { steps: 2 } });
    const patient = { arguments: { ...stopped, earlyStoppingPatience: 20 } };
    await finish(whole, patient);
    const events = await finish(out, { ...patient, allowConfigChange: true });
    expect(events.at(-1)).toMatchObject({ summary: { steps: 6 } });
    expect(digests(join(out, "adapter"))).toEqual(digests(join(whole, "adapter")));
    expect(JSON.parse(readFileSync(join(out, "blora-run.json"), "utf8"))).toMatchObject({
      arguments: { earlyStoppingPatience: 20 },
    });
  });

  it.each([
    ["patience", { earlyStoppingPatience: 1, maxSteps: 6 }, 2, "earlyStoppingPatience: unset -> 1"],
    ["steps", { maxSteps: 1 }, 2, "maxSteps: 2 -> 1"],
  ])("that is over claims no other %s", async (_, change, steps, difference) => {
    const out = temporaryFolder();
    const { earlyStoppingPatience: __, ...given } = { ...stopped, maxSteps: 2 };
    await finish(out, { arguments: given });
    const before = [digests(out), digests(join(out, "adapter"))];
    const changed = { ...given, ...change, maxSteps: Math.min(change.maxSteps, 2) };
    const events = await finish(out, { arguments: changed, allowConfigChange: true });
    expect(events.map(({ type }) => type)).toEqual(["warning", "finish"]);
    expect(events[0]).toMatchObject({
      message: `The run is over after ${steps} steps: nothing was trained with arguments.${difference}. To train with that, start anew with overwrite.`,
    });
    expect([digests(out), digests(join(out, "adapter"))]).toEqual(before);
  });

  it("says at which learning rate another schedule goes on", async () => {
    const out = temporaryFolder();
    const given = {
      ...TINY_ARGUMENTS,
      learningRate: 0.05,
      lrSchedulerType: "linear",
      warmupRatio: 0,
      maxSteps: 4,
      saveSteps: 2,
    } as const;
    await interrupt(out, 2, given);
    const events = await finish(out, { arguments: { ...given, maxSteps: 8 }, allowConfigChange: true });
    expect(events).toContainEqual({
      type: "warning",
      message:
        "The learning rate goes on at 0.0375, by the schedule of 8 steps; that of 4 steps, with which the run was started, has 0.025 here.",
    });
  });

  it("is thrown away where a new one is asked for", async () => {
    const out = temporaryFolder();
    await interrupt(out, 7);
    writeFileSync(join(out, "notes.txt"), "mine");
    const events = await finish(out, { overwrite: true });
    expect(events.some(({ type }) => type === "resume")).toBe(false);
    expect(readFileSync(join(out, "notes.txt"), "utf8")).toBe("mine");
  });

  it("keeps a second run out of its folder (row 44)", async () => {
    const out = temporaryFolder();
    const [refused, ...others] = (await Promise.allSettled([finish(out), finish(out)])).filter(
      ({ status }) => status === "rejected",
    );
    expect(others).toEqual([]);
    expect(String((refused as PromiseRejectedResult).reason)).toContain("Expected no other run in this folder");
  });
});
