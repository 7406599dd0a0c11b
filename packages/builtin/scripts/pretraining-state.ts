import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PretrainedParameter } from "./pretraining-step.ts";

interface Moments {
  step: number;
  readonly first: Float32Array;
  readonly second: Float32Array;
}

const FILE = "state.bin";

/** Writes the step and, one after another, values and moments of every parameter. */
export function saveState(
  folder: string,
  step: number,
  parameters: ReadonlyMap<string, PretrainedParameter>,
  moments: ReadonlyMap<string, Moments>,
): void {
  const parts = [...parameters].flatMap(([name, { values }]) => {
    const { first, second } = moments.get(name)!;
    return [values, first, second].map((array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength));
  });
  const path = join(folder, FILE);
  writeFileSync(`${path}.partial`, Buffer.concat([Buffer.from(Float64Array.of(step).buffer), ...parts]));
  renameSync(`${path}.partial`, path);
}

/** Fills parameters and moments from an earlier run; the step to go on from, 0 where there is none. */
export function restoreState(
  folder: string,
  parameters: ReadonlyMap<string, PretrainedParameter>,
  moments: ReadonlyMap<string, Moments>,
): number {
  const path = join(folder, FILE);
  if (!existsSync(path)) return 0;
  const bytes = readFileSync(path);
  const step = bytes.readDoubleLE(0);
  let offset = Float64Array.BYTES_PER_ELEMENT;
  for (const [name, { values }] of parameters) {
    const moment = moments.get(name)!;
    for (const array of [values, moment.first, moment.second]) {
      Buffer.from(array.buffer, array.byteOffset, array.byteLength).set(
        bytes.subarray(offset, offset + array.byteLength),
      );
      offset += array.byteLength;
    }
    moment.step = step;
  }
  return step;
}
