import { readFileSync } from "node:fs";
import type { FrozenTensor, Precision, StepDefinition } from "@blora/spec";
import { gelu, linearCrossEntropy, lowRankLinear, ops, type Tensor } from "@blora/tensor";
import { planMemory } from "../src/graph/plan-memory.ts";
import { onnx } from "../src/index.ts";
import { traceSparingly } from "../src/trace/trace-sparingly.ts";

/** Sizes of a residual network: L layers, each from H to F and back, over M tokens and a vocabulary of V words. */
export interface Sizes {
  readonly layers: number;
  readonly H: number;
  readonly F: number;
  readonly M: number;
  readonly V: number;
  readonly gradientCheckpointing?: boolean;
  readonly precision?: Precision;
}

const RANK = 4;

/** A training step whose frozen matrices are one file's first values, in float16. */
function stepOf({ layers, H, F, M, V, gradientCheckpointing }: Sizes, path: string): StepDefinition {
  const matrix = (rows: number, columns: number): FrozenTensor => {
    return { shape: [rows, columns], storage: "f16", source: { path, offset: 0, length: 2 * rows * columns } };
  };
  const frozen = new Map([["words", matrix(V, H)]]);
  const trainable: Record<string, [number, number]> = {};
  for (let layer = 0; layer < layers; layer++) {
    for (const [name, O, I] of [
      ["up", F, H],
      ["down", H, F],
    ] as const) {
      frozen.set(`${name} ${layer}`, matrix(O, I));
      trainable[`${name} ${layer}/A`] = [RANK, I];
      trainable[`${name} ${layer}/B`] = [O, RANK];
    }
  }
  return {
    name: "residual",
    mode: "train",
    inputs: { ids: { shape: [M], dtype: "int32" }, targets: { shape: [M], dtype: "int32" } },
    trainable,
    frozen,
    gradientCheckpointing,
    compute(tensors) {
      const mapped = (name: string, x: Tensor): Tensor => {
        const { [`${name}/A`]: A, [`${name}/B`]: B } = tensors.trainable;
        return lowRankLinear(x, tensors.frozen(name), undefined, A!, B!);
      };
      let x: Tensor = ops.gather(tensors.frozen("words"), tensors.input.ids!);
      for (let layer = 0; layer < layers; layer++) {
        x = ops.add(x, mapped(`down ${layer}`, gelu(mapped(`up ${layer}`, x))));
      }
      return { loss: ops.sum(linearCrossEntropy(x, tensors.frozen("words"), undefined, tensors.input.targets!)) };
    },
  };
}

/** Memory of this process that no file backs. */
function privateBytes(): number {
  return 1024 * Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))![1]);
}

const [, , sizes, path] = process.argv as string[];
const parsed = JSON.parse(sizes!) as Sizes;
const step = stepOf(parsed, path!);
const { precision = "float32" } = parsed;
const engine = onnx({ threads: 1, precision });
const { peakBytes } = engine.plan!(step);
const before = privateBytes();
const compiled = await engine.compile(step);
const ids = new Int32Array(parsed.M).fill(1);
const values = Object.entries(step.trainable).map(([name, [rows, columns]]) => {
  return [name, new Float32Array(rows! * columns!).fill(0.01)] as const;
});
const feeds = { ids, targets: ids };
for (const run of [1, 2]) await compiled.run(feeds, Object.fromEntries(values), { seed: 1, step: run });
// What is freed stays with the process, so this is the most there was.
const { largest } = planMemory(traceSparingly(step, precision === "int8" ? "integer" : "runtime").graph);
console.log(JSON.stringify({ planned: peakBytes, largest, measured: privateBytes() - before }));
await engine.release();
