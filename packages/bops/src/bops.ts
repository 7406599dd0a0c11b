import {
  type CostModel,
  type CostReport,
  type CostRow,
  definePlugin,
  type ExpectedProducts,
  InvalidInputError,
  type NoOptions,
  noOptions,
  type Plugin,
  type SiteUsage,
} from "@blora/spec";
import { ops, type Tensor } from "@blora/tensor";

/**
 * Bit operations: multiply-accumulates times the bit widths of both operands,
 * Σ macs · b_weight · b_input. Bias, additions, normalization and softmax are free.
 */
export const bops: Plugin<"costModel", "bops", NoOptions, CostModel> = definePlugin({
  kind: "costModel",
  id: "bops",
  packageName: "@blora/bops",
  optionsSchema: noOptions,
  create: (): CostModel => ({ unit: "bit operations", expected, measured }),
});

function expected(products: readonly ExpectedProducts[]): Tensor {
  const costs = products.map(({ macsPerToken, weightBits, inputBits }) =>
    ops.sum(ops.mul(macsPerToken, ops.mul(weightBits, inputBits))),
  );
  return costs.length === 0 ? ops.scalar(0) : ops.addN(costs);
}

function measured(usages: readonly SiteUsage[], tokens: number): CostReport {
  const count = wholeNumber(tokens, "the number of tokens");
  const rows = usages.flatMap(({ site, matmuls }) =>
    matmuls.map((matmul): CostRow => {
      const { matrix, macsPerToken, keep, weightBits, inputBits } = matmul;
      const at = `${matrix} of ${site.path}`;
      if (!(keep >= 0 && keep <= 1)) {
        throw new InvalidInputError(`bops: the kept share of ${at} must lie between 0 and 1, not ${keep}.`);
      }
      // A share is active rank over rank, so the product is whole but for its rounding.
      const macs = wholeNumber(Math.round(macsPerToken * keep), `the multiply-accumulates of ${at}`) * count;
      const cost =
        macs * wholeNumber(weightBits, `the weight bits of ${at}`) * wholeNumber(inputBits, `the input bits of ${at}`);
      return { path: site.path, matrix, macs, weightBits, inputBits, cost };
    }),
  );
  const total = (of: (row: CostRow) => bigint): bigint => rows.reduce((sum, row) => sum + of(row), 0n);
  return { unit: "bit operations", rows, macs: total((row) => row.macs), total: total((row) => row.cost) };
}

function wholeNumber(value: number, what: string): bigint {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new InvalidInputError(`bops: ${what} must be a whole number from 0, not ${value}.`);
  }
  return BigInt(value);
}
