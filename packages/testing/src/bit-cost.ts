import type { CostModel } from "@blora/spec";
import { ops } from "@blora/tensor";

/** Multiply-accumulates times both widths: kits need some price and may import no cost model. */
export const bitCost: CostModel = {
  unit: "bit operations",
  expected: (products) => {
    const prices = products.map(({ macsPerToken, weightBits, inputBits }) =>
      ops.sum(ops.mul(ops.mul(macsPerToken, weightBits), inputBits)),
    );
    return ops.addN([ops.scalar(0), ...prices]);
  },
  measured(usages, tokens) {
    const rows = usages.flatMap(({ site, matmuls }) =>
      matmuls.map(({ matrix, macsPerToken, keep, weightBits, inputBits }) => {
        const macs = BigInt(Math.round(macsPerToken * keep)) * BigInt(tokens);
        return { path: site.path, matrix, macs, weightBits, inputBits, cost: macs * BigInt(weightBits * inputBits) };
      }),
    );
    const macs = rows.reduce((sum, row) => sum + row.macs, 0n);
    return { unit: "bit operations", rows, macs, total: rows.reduce((sum, row) => sum + row.cost, 0n) };
  },
};
