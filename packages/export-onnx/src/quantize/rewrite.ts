import type { GraphNode } from "@blora/engine-onnx";
import { type Assembler, createAssembler } from "../graph/assembler.ts";
import { type ExportGraph, withoutIdentities } from "../graph/build-graph.ts";
import { floatWeights, type StoredGraph } from "../graph/float-weights.ts";
import type { StoredTensor } from "../graph/stored-tensor.ts";
import type { Weight } from "../weights.ts";

/** How one use of a weight [O, I] is computed from rounded values. Both return the name of the result. */
export interface Rounding {
  /** x·Wᵀ for x [M, I], giving [M, O] */
  product(assembler: Assembler, x: string, name: string, weight: Weight, tensors: TensorPool): string;
  /** Rows of W by `ids` */
  rows(assembler: Assembler, ids: string, name: string, weight: Weight, tensors: TensorPool): string;
}

/** Stored tensors by name: asked for twice, one is added once. */
export interface TensorPool {
  add(tensor: StoredTensor): string;
}

/** Tables with fewer entries stay as they are: what they would save is nothing. */
const SMALLEST_TABLE = 2 ** 20;

/** Replaces every product with a base weight, and every look-up in a large one, by its rounded form. */
export function withRoundedWeights(
  graph: ExportGraph,
  weights: ReadonlyMap<string, Weight>,
  rounding: Rounding,
): StoredGraph {
  const assembler = createAssembler("rounded");
  const tensors = new Map<string, StoredTensor>();
  const pool: TensorPool = {
    add(tensor) {
      if (!tensors.has(tensor.name)) tensors.set(tensor.name, tensor);
      return tensor.name;
    },
  };
  for (const node of graph.nodes) {
    const [first, second, bias] = node.inputs as [string, string, string?];
    const output = node.outputs[0]!;
    const matrix = isProduct(node) ? weights.get(second) : undefined;
    const table = isLookup(node) ? weights.get(first) : undefined;
    if (matrix?.isBase) {
      const y = rounding.product(assembler, first, second, matrix, pool);
      if (bias === undefined) assembler.node("Identity", [y], { output });
      else assembler.node("Add", [y, bias], { output });
    } else if (table?.isBase && table.shape[0]! * table.shape[1]! >= SMALLEST_TABLE) {
      assembler.node("Identity", [rounding.rows(assembler, second, first, table, pool)], { output });
    } else assembler.append(node);
  }
  const constants = [...graph.constants, ...assembler.constants];
  const rewritten = withoutIdentities({ ...graph, nodes: assembler.nodes, constants });
  return { graph: rewritten, tensors: [...floatWeights(rewritten, weights), ...tensors.values()] };
}

function isProduct({ operator, attributes }: GraphNode): boolean {
  return operator === "Gemm" && attributes.transB === 1;
}

function isLookup({ operator, attributes }: GraphNode): boolean {
  return operator === "Gather" && attributes.axis === 0;
}
