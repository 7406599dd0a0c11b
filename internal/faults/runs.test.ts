import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isPeft, readAdapter } from "@blora/adapters";
import { tfjs } from "@blora/engine-tfjs";
import { lora } from "@blora/lora";
import type { RunEvent } from "@blora/runs";
import type { Method } from "@blora/spec";
import { ops } from "@blora/tensor";
import { train } from "@blora/trainer";
import { readTensors } from "@blora/weights";
import { beforeAll, expect } from "vitest";
import { requireBuild, blora as runBlora } from "../../apps/cli/test/run-blora.ts";
import { H, letterExamples, letterTask, plainLora } from "../../packages/trainer/test/tiny-problem.ts";
import { recorder, TINY_ARGUMENTS, tinyRun } from "../../packages/trainer/test/tiny-run.ts";
import { fault, refusal } from "./fault.ts";
import { ARGUMENTS, checkpointsIn, finish, RECIPES } from "./small-runs.ts";

// Some faults are the command's.
beforeAll(requireBuild);

/** Trains until 7 updates are made: `checkpoint-5` and `checkpoint-7` are kept. */
async function interrupt(out: string, change: Parameters<typeof tinyRun>[1] = {}): Promise<void> {
  const { events, onEvent } = recorder();
  const shouldStop = (): boolean => events.some((event) => event.type === "step" && event.step === 7);
  await train(tinyRun(out, { arguments: ARGUMENTS, onEvent, shouldStop, ...change }));
  expect(checkpointsIn(out)).toEqual(["checkpoint-5", "checkpoint-7"]);
}

const warningsOf = (events: readonly RunEvent[]): string[] =>
  events.flatMap((event) => (event.type === "warning" ? [event.message] : []));

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
