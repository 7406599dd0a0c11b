import { addRounded } from "./add-rounded.ts";
import { BLOCK, blocksPerRow, quantizeBlocks } from "./blocks.ts";
import { int8 } from "./int8.ts";
import type { Rounding } from "./rewrite.ts";

/** 4 bits with a scale for each 32 entries of a row; look-ups, which 4 bits hurt most, in bytes. */
export const int4: Rounding = {
  product(assembler, x, name, { shape, read }, tensors) {
    const [rows, columns] = shape as [number, number];
    const blocks = blocksPerRow(columns);
    const half = BLOCK / 2;
    const { codes, scales } = addRounded(tensors, {
      codes: { name: `${name}_blocks`, shape: [rows, blocks, half], type: "uint8", bytes: rows * blocks * half },
      scales: { name: `${name}_block_scales`, shape: [rows, blocks] },
      round: () => quantizeBlocks(read(), columns),
    });
    return assembler.node("MatMulNBits", [x, codes, scales], {
      domain: "com.microsoft",
      attributes: { K: columns, N: rows, bits: 4, block_size: BLOCK },
    });
  },
  rows: int8.rows,
};
