import { packBits } from "@blora/adapters";
import type { ElementType, GraphNode } from "@blora/engine-onnx";
import { type CodedUpdate, type EncodedValues, InvalidInputError } from "@blora/spec";
import { type Shape, transposed } from "@blora/tensor";
import { floatTensor, type StoredGraph } from "../graph/float-weights.ts";
import type { StoredTensor } from "../graph/stored-tensor.ts";
import { factorNames, type Weight } from "../weights.ts";

/** Signed types a code fits in, the narrowest first. */
const TYPES: readonly (readonly [bits: number, type: ElementType])[] = [
  [4, "int4"],
  [8, "int8"],
  [16, "int16"],
];

/** Axis of the components: rows of A [R, I], columns of B [O, R]. */
const COMPONENTS = { A: 0, B: 1 } as const;

/**
 * Stores the factors of branches that have codes as whole numbers. A
 * `DequantizeLinear` with a scale for each component, and where levels lie
 * between whole numbers an `Add` of half a scale, makes the float32 factor
 * under the name the graph knows it by, so nothing else of it changes.
 */
export function withCodedBranch(
  { graph, tensors }: StoredGraph,
  weights: ReadonlyMap<string, Weight>,
  codes: ReadonlyMap<string, CodedUpdate>,
): StoredGraph {
  const replaced = new Map<string, readonly StoredTensor[]>();
  const nodes: GraphNode[] = [];
  for (const [path, update] of codes) {
    for (const matrix of ["A", "B"] as const) {
      const name = factorNames(path)[matrix];
      const coded = update[matrix];
      const shape = weights.get(name)?.shape;
      if (coded === undefined || shape === undefined) continue;
      requireShape(name, shape, coded, shape[COMPONENTS[matrix]]!);
      const stored = storedCodes(name, shape, coded, matrix);
      replaced.set(name, stored);
      nodes.push(...decodingNodes(name, stored, matrix));
    }
  }
  return {
    graph: { ...graph, nodes: [...nodes, ...graph.nodes] },
    tensors: tensors.flatMap((tensor) => replaced.get(tensor.name) ?? [tensor]),
  };
}

function decodingNodes(name: string, [codes, scales, halves]: readonly StoredTensor[], matrix: "A" | "B"): GraphNode[] {
  const whole = halves === undefined ? name : `${name}_whole`;
  const dequantize: GraphNode = {
    operator: "DequantizeLinear",
    domain: "",
    inputs: [codes!.name, scales!.name],
    outputs: [whole],
    attributes: { axis: COMPONENTS[matrix] },
    macs: 0,
  };
  if (halves === undefined) return [dequantize];
  return [
    dequantize,
    { operator: "Add", domain: "", inputs: [whole, halves.name], outputs: [name], attributes: {}, macs: 0 },
  ];
}

/** Codes in the narrowest type that holds those of every component, their scales, and what lies between codes and levels. */
function storedCodes(
  name: string,
  shape: Shape,
  { codes, scales, bits, signed, offset }: EncodedValues,
  matrix: "A" | "B",
): StoredTensor[] {
  const needed = Math.max(...bits) + (signed ? 0 : 1);
  const [width, type] = TYPES.find(([available]) => needed <= available) ?? [16, "uint16" as const];
  const bytes = Math.ceil((codes.length * width) / 8);
  const laid = matrix === "A" ? codes : transposed(codes, codes.length / scales.length);
  const stored: StoredTensor[] = [
    { name: `${name}_codes`, shape, type, bytes, read: () => packBits(laid, [width]) },
    floatTensor(`${name}_scales`, { shape: [scales.length], read: () => scales }),
  ];
  if (offset === 0) return stored;
  const beside = matrix === "A" ? [scales.length, 1] : [1, scales.length];
  const halves = scales.map((scale) => scale * offset);
  return [...stored, floatTensor(`${name}_halves`, { shape: beside, read: () => halves })];
}

function requireShape(name: string, [rows, columns]: Shape, { codes, scales }: EncodedValues, R: number): void {
  if (codes.length === rows! * columns! && scales.length === R) return;
  throw new InvalidInputError(
    `${name}: expected codes of a matrix [${rows}, ${columns}], found ${codes.length} with ${scales.length} scales. Packed and plain files of the adapter are not of one training.`,
  );
}
