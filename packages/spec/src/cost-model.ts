import type { Tensor } from "@blora/tensor";
import type { LinearSite } from "./architecture.ts";

/** One matrix product of a site: multiply-accumulates per token between operands of the given widths. */
export interface MatmulUsage {
  /** Which operand: `W0`, `A`, `E` or `B`. */
  readonly matrix: string;
  /** Multiply-accumulates per token at full rank. */
  readonly macsPerToken: number;
  /** Share of them that is kept, 0 to 1: active rank over full rank. */
  readonly keep: number;
  readonly weightBits: number;
  readonly inputBits: number;
}

/** Products whose size and widths are expectations to train through. Factors are vectors [P], an entry for each product, or scalars. */
export interface ExpectedProducts {
  /** Multiply-accumulates per token that are expected to be kept. */
  readonly macsPerToken: Tensor;
  readonly weightBits: Tensor;
  readonly inputBits: Tensor;
}

/** The products of one site under some quantization scope. */
export interface SiteUsage {
  readonly site: LinearSite;
  readonly matmuls: readonly MatmulUsage[];
}

/** One line of a cost report. Counts are exact. */
export interface CostRow {
  readonly path: string;
  readonly matrix: string;
  readonly macs: bigint;
  readonly weightBits: number;
  readonly inputBits: number;
  readonly cost: bigint;
}

export interface CostReport {
  /** What is counted, such as `bit operations`. */
  readonly unit: string;
  readonly rows: readonly CostRow[];
  readonly macs: bigint;
  readonly total: bigint;
}

/** Prices the matrix products of a model. */
export interface CostModel {
  readonly unit: string;
  /** Differentiable expected cost per token of products whose factors are independent, a scalar. */
  expected(products: readonly ExpectedProducts[]): Tensor;
  /** Exact cost of `tokens` tokens, product by product. */
  measured(usages: readonly SiteUsage[], tokens: number): CostReport;
}
