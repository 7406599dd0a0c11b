import { sizeOf } from "@blora/tensor";
import type { Graph } from "./graph.ts";

const FLOAT_BYTES = 4;

/**
 * Bytes of the float32 copies that a step makes of frozen matrices, each counted once: casts of half precision, sums with an
 * update. It depends on the network and on what is adapted, not on how many tokens a step computes.
 */
export function copiedBytes({ nodes, initializers }: Graph): number {
  const matrices = initializers.filter(({ data, shape }) => shape.length === 2 && !(data instanceof Uint8Array));
  const shapes = new Map(matrices.map(({ name, shape }) => [name, String(shape)]));
  const copied = new Set(
    nodes.flatMap(({ inputs, values = [] }) =>
      inputs.filter((name) => values.some(({ shape }) => String(shape) === shapes.get(name))),
    ),
  );
  const copies = matrices.filter(({ name }) => copied.has(name));
  return copies.reduce((total, { shape }) => total + FLOAT_BYTES * sizeOf(shape), 0);
}
