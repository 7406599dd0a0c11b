import type { Assembler } from "../graph/assembler.ts";
import type { Weight } from "../weights.ts";
import { addRounded } from "./add-rounded.ts";
import type { Rounding, TensorPool } from "./rewrite.ts";
import { quantizeRows, ZERO_POINT } from "./rows.ts";

const FLOAT = 1;

/**
 * Bytes with a scale for each row. Products are of whole numbers: the input is
 * rounded to bytes as well, with a scale found while the graph runs.
 */
export const int8: Rounding = {
  product(assembler, x, name, weight, tensors) {
    const { codes, scales } = addRows(name, weight, tensors);
    const [rounded, scale, zero] = quantizedInput(assembler, x);
    const columns = assembler.node("Transpose", [codes], { attributes: { perm: [1, 0] } });
    const sums = assembler.node("MatMulInteger", [rounded, columns, zero, zeroPoint(assembler)]);
    const factor = assembler.node("Mul", [scale, scales]);
    return assembler.node("Mul", [assembler.node("Cast", [sums], { attributes: { to: FLOAT } }), factor]);
  },
  rows(assembler, ids, name, weight, tensors) {
    const { codes, scales } = addRows(name, weight, tensors);
    const gathered = (table: string): string => assembler.node("Gather", [table, ids], { attributes: { axis: 0 } });
    const values = assembler.node("Cast", [gathered(codes)], { attributes: { to: FLOAT } });
    const offset = assembler.constant(Float32Array.of(ZERO_POINT), [], "float32");
    const centred = assembler.node("Sub", [values, offset]);
    const scale = assembler.node("Unsqueeze", [gathered(scales), assembler.integers([-1])]);
    return assembler.node("Mul", [centred, scale]);
  },
};

function zeroPoint(assembler: Assembler): string {
  return assembler.constant(Uint8Array.of(ZERO_POINT), [], "uint8");
}

/** Codes, scale and zero point of an activation; products of one input share them. */
function quantizedInput(assembler: Assembler, x: string): [codes: string, scale: string, zero: string] {
  const outputs: [string, string, string] = [`${x}_rounded`, `${x}_scale`, `${x}_zero`];
  if (!assembler.nodes.some((node) => node.outputs[0] === outputs[0])) {
    const attributes = {};
    assembler.append({ operator: "DynamicQuantizeLinear", domain: "", inputs: [x], outputs, attributes, macs: 0 });
  }
  return outputs;
}

function addRows(name: string, { shape, read }: Weight, tensors: TensorPool): { codes: string; scales: string } {
  const [rows, columns] = shape as [number, number];
  return addRounded(tensors, {
    codes: { name: `${name}_codes`, shape, type: "uint8", bytes: rows * columns },
    scales: { name: `${name}_scales`, shape: [rows] },
    round: () => quantizeRows(read(), columns),
  });
}
