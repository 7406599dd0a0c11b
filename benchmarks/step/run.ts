/**
 * Times one LoRA training step (forward and backward) at four shapes, on our
 * engines in float32 and in whole numbers and, with `--python <interpreter>`,
 * on PyTorch and PEFT and on JAX in turn.
 *
 *   npm run bench:step -- --threads 2 --rounds 9 --python ~/venv/bin/python
 */

import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { onnx } from "@blora/engine-onnx";
import { tfjs } from "@blora/engine-tfjs";
import { machine } from "@blora/runs";
import type { Engine } from "@blora/spec";
import { type PythonPeer, startPeer } from "../peers/python-peer.ts";
import { describeStep, matmulCeiling, measureStep, median, SHAPES } from "./measure.ts";

const { values } = parseArgs({
  options: {
    threads: { type: "string", default: "2" },
    rounds: { type: "string", default: "9" },
    repeats: { type: "string", default: "3" },
    eager: { type: "string", multiple: true, default: [] },
    python: { type: "string" },
    /** Of PEFT: eager, compile, bf16, compile-bf16. And jax. */
    modes: { type: "string", default: "eager" },
    /** Which of the four shapes, from 0. */
    shapes: { type: "string", default: "0,1,2,3" },
    out: { type: "string" },
  },
});
/** Shares of the ceiling that are aimed at, by H. */
const GOALS: Readonly<Record<number, number>> = { 768: 0.85, 384: 0.78, 128: 0.6 };

const threads = Number(values.threads);
const rounds = Number(values.rounds);
const repeats = Number(values.repeats);

const engine = onnx({ threads });
const inWholeNumbers = onnx({ threads, precision: "int8" });
const modes = values.python === undefined ? [] : values.modes.split(",");
const peers = new Map<string, PythonPeer>();
for (const mode of modes) {
  const script = scriptOf(mode);
  if (!peers.has(script)) peers.set(script, await startPeer(values.python!, script, threads));
}
const eager: [string, Engine][] = values.eager.map((backend) => [
  `tfjs ${backend}`,
  tfjs({ backend: backend as "wasm" | "cpu" | "tensorflow" }),
]);

const results = [];
for (const shape of values.shapes.split(",").map((index) => SHAPES[Number(index)]!)) {
  const ceilings: number[] = [];
  const ours: number[] = [];
  const rounded: number[] = [];
  const theirs: Record<string, number[]> = Object.fromEntries(modes.map((mode) => [mode, []]));
  for (let repeat = 0; repeat < repeats; repeat++) {
    ceilings.push(await matmulCeiling(engine, rounds));
    ours.push((await measureStep(engine, shape, rounds)).milliseconds);
    rounded.push((await measureStep(inWholeNumbers, shape, rounds)).milliseconds);
    for (const mode of modes) {
      const { milliseconds } = await peers.get(scriptOf(mode))!.ask({ ...shape, rounds, mode });
      theirs[mode]!.push(milliseconds!);
    }
  }
  const ceiling = median(ceilings);
  const traced = describeStep(engine, shape, median(ours));
  const result = {
    shape,
    ceilingGigaflops: ceiling,
    onnx: { ...traced, shareOfCeiling: traced.gigaflops / ceiling, goal: GOALS[shape.hidden] ?? null },
    int8: {
      ...describeStep(inWholeNumbers, shape, median(rounded)),
      ratio: median(ours.map((time, index) => time / rounded[index]!)),
    },
    ...(modes.length > 0 && {
      peers: Object.fromEntries(
        Object.entries(theirs).map(([mode, times]) => {
          const over = (own: readonly number[]): number => median(times.map((time, index) => time / own[index]!));
          return [mode, { milliseconds: median(times), ratio: over(ours), ratioInt8: over(rounded) }];
        }),
      ),
    }),
    ...Object.fromEntries(
      await Promise.all(eager.map(async ([name, engine]) => [name, await measureStep(engine, shape, 1)] as const)),
    ),
  };
  results.push(result);
  console.log(JSON.stringify(result));
}
for (const peer of peers.values()) peer.close();
await engine.release();
await inWholeNumbers.release();
for (const [, each] of eager) await each.release();
if (values.out !== undefined) {
  const versions = Object.assign({}, ...[...peers.values()].map((peer) => peer.versions));
  const report = { ...machine(), threads, rounds, repeats, peers: versions, results };
  await writeFile(values.out, `${JSON.stringify(report, null, 2)}\n`);
}

function scriptOf(mode: string): string {
  return mode === "jax" ? "jax_step.py" : "step.py";
}
