import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRegistry } from "@blora/core";
import { onnx } from "@blora/engine-onnx";
import { tfjs } from "@blora/engine-tfjs";
import { lora } from "@blora/lora";
import type { StepDefinition } from "@blora/spec";
import { glue } from "@blora/task-glue";
import { ops } from "@blora/tensor";
import { train } from "@blora/trainer";
import { expect } from "vitest";
import { held } from "../../packages/engine-tfjs/test/held.ts";
import { memoryWarning } from "../../packages/trainer/src/memory.ts";
import { recorder, TINY_ARGUMENTS, tinyRun } from "../../packages/trainer/test/tiny-run.ts";
import { fault, refusal } from "./fault.ts";

const STEPS = 10_000;

/** x·A, its square and the gradient of that. */
const step: StepDefinition = {
  name: "leak",
  mode: "train",
  inputs: { x: { shape: [2, 3], dtype: "float32" } },
  trainable: { A: [3, 3] },
  frozen: new Map(),
  compute({ input, trainable, context }) {
    const kept = ops.mul(input.x!, context.uniform("dropout", [2, 3]));
    const y = ops.matMul(kept, trainable.A!);
    return { loss: ops.sum(ops.square(y)), outputs: { y } };
  },
};

fault(47, "a run that needs more memory than there is, and 10,000 steps of one", async (folder) => {
  const { events, onEvent } = recorder();
  await train(tinyRun(join(folder, "run"), { onEvent, arguments: { ...TINY_ARGUMENTS, maxSteps: 1 } }));
  // 174 weights, 62 trainables four times, and 8 rows of 24 tokens, 24 in and out of the linear maps, four times.
  const estimate = 4 * (174 + 4 * 62 + 4 * 8 * 24 * 24);
  expect(events[0]).toMatchObject({ type: "start", estimatedMemoryBytes: estimate });
  const came = memoryWarning(3 * 2 ** 30, 2 ** 31, 32, 128);
  expect(came).toBe(
    "Training may need about 3.0 GiB, and 2.0 GiB are free. Set maxTokensPerPass below 4096, which changes no update, or lower maxSeqLength (128).",
  );
  const planned = { macs: 1, nodes: 1, peakBytes: 2 ** 50 };
  const told = recorder();
  const large = { ...tfjs({ backend: "cpu" }), plan: () => planned };
  const oneStep = { ...TINY_ARGUMENTS, maxSteps: 1 };
  await train(tinyRun(join(folder, "large"), { engine: large, onEvent: told.onEvent, arguments: oneStep }));
  const order = told.events.flatMap((event) => (event.type === "warning" ? [event.message] : [event.type]));
  const said = order.findIndex((text) =>
    /^Training may need about 1048576\.0 GiB, and \d+\.\d GiB are free\. Set/.test(text),
  );
  expect(said).toBeGreaterThan(order.indexOf("start"));
  expect(said).toBeLessThan(order.indexOf("step"));
  const engine = tfjs({ backend: "cpu" });
  const compiled = await engine.compile(step);
  const run = (index: number) =>
    compiled.run({ x: new Float32Array(6).fill(0.5) }, { A: new Float32Array(9).fill(0.1) }, { seed: 0, step: index });
  await run(0);
  const before = held();
  for (let index = 1; index <= STEPS; index++) await run(index);
  const after = held();
  expect(after).toEqual(before);
  await engine.release();
  const native = onnx({ threads: 1 });
  const session = await native.compile(step);
  const runNative = (index: number) =>
    session.run({ x: new Float32Array(6).fill(0.5) }, { A: new Float32Array(9).fill(0.1) }, { seed: 0, step: index });
  const settle = 1000;
  for (let index = 0; index < settle; index++) await runNative(index);
  const resident = process.memoryUsage().rss;
  for (let index = settle; index < settle + STEPS; index++) await runNative(index);
  // A tensor of a step that stayed would be a hundred bytes at least, with its handle.
  const grown = process.memoryUsage().rss - resident;
  expect(grown).toBeLessThan(64 * 2 ** 20);
  await native.release();
  return `before the first step: ${came} After ${STEPS} steps ${after.tensors - before.tensors} tensors more are held by tfjs, and ONNX Runtime's process has not grown. Where memory ends all the same, the system ends the process, and the last checkpoint is there: no tool can promise more`;
});

fault(48, "a GPU asked for where there is none", async (folder) => {
  const came = await refusal(() => tfjs({ backend: "tensorflow-gpu", moduleFolder: folder }).describe());
  expect(came).toContain(
    `MissingDependencyError: Backend "tensorflow-gpu" needs @tensorflow/tfjs-node-gpu, which is in none of ${folder}`,
  );
  expect(await refusal(() => onnx({ provider: "tpu" }))).toMatch(
    /^MissingDependencyError: onnx engine: this ONNX Runtime has no provider tpu; it has cpu/,
  );
  const { events, onEvent } = recorder();
  await train(tinyRun(join(folder, "run"), { onEvent, arguments: { ...TINY_ARGUMENTS, maxSteps: 1 } }));
  expect(events[0]).toMatchObject({ type: "start", engine: { id: "tfjs", provider: "cpu", threads: 1 } });
  return `${came} What computes is named as a run starts: tfjs on cpu`;
});

/** Does something as a user who may write nothing of root's, where this process is root's. */
async function unprivileged<T>(use: () => Promise<T>): Promise<T> {
  if (process.getuid!() !== 0) return use();
  process.seteuid!("nobody");
  try {
    return await use();
  } finally {
    process.seteuid!(0);
  }
}

fault(49, "../x and node:fs as names of components, and folders that must not be written", async (folder) => {
  const registry = createRegistry([lora, glue]);
  for (const id of ["../x", "node:fs", "__proto__", "constructor"]) {
    expect(await refusal(() => registry.resolve({ $plugin: `method/${id}` }, "method"))).toMatch(/Error: /);
    expect(await refusal(() => registry.create("method", id as "lora"))).toBe(
      `NotFoundError: No method is called "${id}". Registered method ids: lora.`,
    );
  }
  const foreign = join(folder, "notes");
  mkdirSync(foreign);
  writeFileSync(join(foreign, "diary.txt"), "mine");
  expect(await refusal(() => train(tinyRun(foreign)))).toContain(
    "expected a folder that is absent, empty or a run's, with a blora-run.json; found diary.txt.",
  );
  const locked = join(folder, "locked");
  mkdirSync(locked, { mode: 0o555 });
  const run = tinyRun(join(locked, "run"));
  const came = await refusal(() => unprivileged(() => train(run)));
  expect(came).toMatch(
    /^InvalidInputError: .*\/run: expected a folder that can be written, found EACCES: permission denied/,
  );
  return came;
});
