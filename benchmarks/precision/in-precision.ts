import type { RunConfig } from "@blora/core";
import { onnx } from "@blora/engine-onnx";
import type { Precision } from "@blora/spec";
import type { TrainingArgumentsInput } from "@blora/trainer";

export type Runs = readonly RunConfig<TrainingArgumentsInput>[];

/** The same runs, their products with frozen matrices in a precision. */
export function inPrecision(precision: Precision, runs: Runs): Runs {
  return runs.map((run) => ({ ...run, engine: onnx({ precision }) }));
}
