import type { Graph } from "./graph.ts";

/** Operators whose result is their first input under another shape. */
const VIEWS: ReadonlySet<string> = new Set(["Identity", "Reshape", "Squeeze", "Unsqueeze"]);

/**
 * Bytes of the most that values of one run hold at a time, when nodes run in
 * order and a value is freed after its last use: an upper estimate, because a
 * runtime also writes results over inputs. Frozen tensors in files count only
 * where a node copies them, as the cast of half-precision weights does.
 */
export function peakBytes({ nodes, initializers, outputs }: Graph): number {
  const owners = new Map<string, string>();
  const ownerOf = (name: string): string => owners.get(name) ?? name;
  const lastUse = new Map<string, number>();
  for (const [index, { operator, inputs, outputs: results }] of nodes.entries()) {
    for (const input of inputs) lastUse.set(ownerOf(input), index);
    if (VIEWS.has(operator)) owners.set(results[0]!, ownerOf(inputs[0]!));
  }
  for (const { name } of outputs) lastUse.set(ownerOf(name), nodes.length);

  const inMemory = initializers.map(({ data }) => (data instanceof Uint8Array ? data.byteLength : 0));
  let live = inMemory.reduce((total, bytes) => total + bytes, 0);
  let peak = live;
  const sizes = new Map<string, number>();
  for (const [index, { inputs, outputs: results, outputBytes = [] }] of nodes.entries()) {
    for (const [position, name] of results.entries()) {
      if (owners.has(name)) continue;
      const bytes = outputBytes[position] ?? 0;
      sizes.set(name, bytes);
      live += bytes;
    }
    peak = Math.max(peak, live);
    for (const name of [...inputs, ...results].map(ownerOf)) {
      if ((lastUse.get(name) ?? index) > index) continue;
      live -= sizes.get(name) ?? 0;
      sizes.delete(name);
    }
  }
  return peak;
}
