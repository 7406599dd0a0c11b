import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeSafetensors } from "@blora/weights";

/** A tensor's shape and what fills it: a number, or "random", uniform between -0.1 and 0.1. */
export type Filled = readonly [fill: number | "random", ...shape: number[]];

/** Weight [O, I] and bias of a linear map. */
export const linear = (name: string, O: number, I: number): Record<string, Filled> => ({
  [`${name}.weight`]: ["random", O, I],
  [`${name}.bias`]: ["random", O],
});

/** Weight and bias of a layer norm over H values, as they start. */
export const layerNorm = (name: string, H: number): Record<string, Filled> => ({
  [`${name}.weight`]: [1, H],
  [`${name}.bias`]: [0, H],
});

export interface TinyModel {
  /** Files beside the weights; what is no text becomes JSON. */
  readonly files: Readonly<Record<string, unknown>>;
  readonly tensors: Readonly<Record<string, Filled>>;
  /** The same seed makes the same weights everywhere. */
  readonly seed?: number;
}

/** What every writer of a family takes. */
export interface TinyOptions {
  readonly seed?: number;
  /** Written over the files made here, or beside them. */
  readonly files?: Readonly<Record<string, unknown>>;
  /** Tensors written over those made here, or beside them. */
  readonly tensors?: Readonly<Record<string, Filled>>;
}

function uniformNoise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32 - 0.5) * 0.2;
  };
}

/** Writes a checkpoint of float32 weights into `folder`, which is made. */
export function writeModel(folder: string, { files, tensors, seed = 1 }: TinyModel): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, value] of Object.entries(files)) {
    writeFileSync(join(folder, name), typeof value === "string" ? value : `${JSON.stringify(value, undefined, 2)}\n`);
  }
  const noise = uniformNoise(seed);
  const names = Object.keys(tensors).sort();
  const written = names.map((name) => {
    const [fill, ...shape] = tensors[name]!;
    const length = shape.reduce((product, size) => product * size, 1);
    const values = Float32Array.from({ length }, fill === "random" ? noise : () => fill);
    return [name, { shape, values }] as const;
  });
  writeSafetensors(join(folder, "model.safetensors"), new Map(written), { format: "pt" });
}
