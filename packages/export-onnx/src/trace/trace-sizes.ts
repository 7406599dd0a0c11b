import { traceStep } from "@blora/engine-onnx";
import type { FrozenTensor, StepDefinition } from "@blora/spec";
import type { Sizes } from "../symbolic/polynomial.ts";
import type { SizedGraph } from "../symbolic/unify.ts";
import type { Weight } from "../weights.ts";
import { type InputPort, sizeAt } from "./ports.ts";

/** Traces a forward pass at every point. Nothing is computed and no weight is read. */
export function traceSizes(
  compute: StepDefinition["compute"],
  inputs: readonly InputPort[],
  weights: ReadonlyMap<string, Weight>,
  points: readonly Sizes[],
): SizedGraph[] {
  const unread = { path: "", offset: 0, length: 0 };
  const frozen = new Map(
    [...weights].map(([name, { shape }]): [string, FrozenTensor] => [name, { shape, storage: "f32", source: unread }]),
  );
  return points.map((sizes) => {
    const specs = inputs.map(({ traced, shape, as }) => {
      return [traced, { shape: shape.map((dimension) => sizeAt(dimension, sizes)), dtype: as }] as const;
    });
    const step: StepDefinition = {
      name: "export",
      mode: "eval",
      inputs: Object.fromEntries(specs),
      trainable: {},
      frozen,
      compute,
    };
    return { sizes, graph: traceStep(step, "portable").graph };
  });
}
