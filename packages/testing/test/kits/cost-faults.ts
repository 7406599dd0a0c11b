import type { CostModel, ExpectedProducts, SiteUsage } from "@blora/spec";
import { ops, type Tensor, withGradient } from "@blora/tensor";
import { bitCost, testCostModel } from "../../src/index.ts";
import type { Fault } from "./fault.ts";
import { component } from "./minimal.ts";

const costs = (change: Partial<CostModel>) => () => testCostModel(component("costModel", { ...bitCost, ...change }));

/** Prices usages as if they were others. */
const repriced = (change: (matmul: SiteUsage["matmuls"][number]) => object): CostModel["measured"] => {
  return (usages, tokens) =>
    bitCost.measured(
      usages.map(({ site, matmuls }) => ({
        site,
        matmuls: matmuls.map((matmul) => ({ ...matmul, ...change(matmul) })),
      })),
      tokens,
    );
};

const isScalar = ({ inputBits }: ExpectedProducts) => inputBits.shape.length === 0;

export const costFaults: readonly Fault[] = [
  {
    mistake: "a cost model with rows of twice the cost",
    caughtBy: ["totals are the sums of the rows, one for each matrix product"],
    register: costs({
      measured: (...given) => {
        const report = bitCost.measured(...given);
        return { ...report, rows: report.rows.map((row) => ({ ...row, cost: 2n * row.cost })) };
      },
    }),
  },
  {
    mistake: "a cost model that takes nothing kept for all",
    caughtBy: ["no tokens, or nothing kept, cost nothing"],
    register: costs({ measured: repriced(({ keep }) => ({ keep: keep || 1 })) }),
  },
  {
    mistake: "a cost model that forgets the tokens",
    caughtBy: [
      "totals are the sums of the rows, one for each matrix product",
      "no tokens, or nothing kept, cost nothing",
      "the cost is proportional to tokens and never falls with rank or width",
      "the expected cost of what is certain is the measured cost of one token",
    ],
    register: costs({ measured: (usages) => bitCost.measured(usages, 10) }),
  },
  {
    mistake: "a cost model that gives floating point away",
    caughtBy: ["the cost is proportional to tokens and never falls with rank or width"],
    register: costs({ measured: repriced(({ inputBits }) => ({ inputBits: inputBits === 32 ? 1 : inputBits })) }),
  },
  {
    mistake: "a cost model that expects twice the cost",
    caughtBy: ["the expected cost of what is certain is the measured cost of one token"],
    register: costs({ expected: (products) => ops.mul(bitCost.expected(products), 2) }),
  },
  {
    mistake: "a cost model that charges for nothing",
    caughtBy: ["no products are expected to cost nothing"],
    register: costs({
      expected: (products) => ops.add(bitCost.expected(products), products.length === 0 ? 1 : 0),
    }),
  },
  {
    mistake: "a cost model that halves shared factors",
    caughtBy: ["factors of one product are numbers, those of several vectors, and both may meet"],
    register: costs({
      expected: (products) => ops.mul(bitCost.expected(products), products.some(isScalar) ? 0.5 : 1),
    }),
  },
  {
    mistake: "a cost model that pulls at nothing",
    caughtBy: ["the gradients of the expected cost agree with finite differences"],
    register: costs({
      expected: (products) =>
        withGradient((cost: Tensor) => ({ value: ops.mul(cost, 1), gradient: (dy) => [ops.zerosLike(dy)] }))(
          bitCost.expected(products),
        ),
    }),
  },
];
