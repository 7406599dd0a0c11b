import type { Engine } from "@blora/spec";
import { ops } from "@blora/tensor";
import { type EncoderShape, encoderStep, requiredMacs } from "./encoder.ts";

/** The four shapes every engine is measured at. */
export const SHAPES: readonly EncoderShape[] = [
  { hidden: 384, layers: 3, batch: 16, length: 64, rank: 8 },
  { hidden: 128, layers: 4, batch: 32, length: 64, rank: 8 },
  { hidden: 384, layers: 6, batch: 32, length: 64, rank: 8 },
  { hidden: 768, layers: 6, batch: 16, length: 128, rank: 8 },
];

const noise = { seed: 1, step: 0 };

/** Milliseconds of `rounds` calls after two that warm up. */
async function times(rounds: number, call: () => Promise<unknown>): Promise<number[]> {
  const measured: number[] = [];
  for (let round = -2; round < rounds; round++) {
    const start = performance.now();
    await call();
    if (round >= 0) measured.push(performance.now() - start);
  }
  return measured;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** GFLOP/s of plain matrix products [2048, 768] · [768, 768], ten in a chain: what the machine can do at most. */
export async function matmulCeiling(engine: Engine, rounds: number): Promise<number> {
  const [M, H, chain] = [2048, 768, 10];
  const weight = new Float32Array(H * H).fill(1 / H);
  const step = await engine.compile({
    name: "ceiling",
    mode: "eval",
    inputs: { x: { shape: [M, H], dtype: "float32" } },
    trainable: {},
    frozen: new Map([["w", { shape: [H, H], storage: "f32", source: weight }]]),
    compute: ({ input, frozen }) => {
      let y = input.x!;
      for (let link = 0; link < chain; link++) y = ops.matMul(y, frozen("w"));
      return { outputs: { y: ops.sum(y) } };
    },
  });
  const x = new Float32Array(M * H).fill(1);
  const milliseconds = await times(rounds, () => step.run({ x }, {}, noise));
  await step.release();
  return (2 * chain * M * H * H) / median(milliseconds) / 1e6;
}

export interface StepMeasurement {
  readonly milliseconds: number;
  readonly gigaflops: number;
  readonly tokensPerSecond: number;
  /** Of the traced graph; null where the engine traces none. */
  readonly nodes: number | null;
}

/** Median time of one forward and backward pass. */
export async function measureStep(engine: Engine, shape: EncoderShape, rounds: number): Promise<StepMeasurement> {
  const { step, feeds, trainable } = encoderStep(shape);
  const compiled = await engine.compile(step);
  const milliseconds = median(await times(rounds, () => compiled.run(feeds, trainable, noise)));
  await compiled.release();
  return describeStep(engine, shape, milliseconds);
}

export function describeStep(engine: Engine, shape: EncoderShape, milliseconds: number): StepMeasurement {
  return {
    milliseconds,
    gigaflops: (2 * requiredMacs(shape)) / milliseconds / 1e6,
    tokensPerSecond: (1000 * shape.batch * shape.length) / milliseconds,
    nodes: engine.plan?.(encoderStep(shape).step).nodes ?? null,
  };
}
