import type { CostLedger } from "@blora/runs";

/** The products of one matrix over all sites. */
export interface MatrixTotal {
  readonly matrix: string;
  readonly macs: number;
  readonly cost: number;
  /** Cost of the same matrix in the baseline; 0 where it has none. */
  readonly baseline: number;
}

/** The ledger matrix by matrix. */
export function matrixTotals({ rows, baseline }: CostLedger): MatrixTotal[] {
  const matrices = [...new Set([...rows, ...baseline].map(({ matrix }) => matrix))];
  const total = (all: CostLedger["rows"], matrix: string, column: "macs" | "cost") =>
    all.filter((row) => row.matrix === matrix).reduce((sum, row) => sum + row[column], 0);
  return matrices.map((matrix) => ({
    matrix,
    macs: total(rows, matrix, "macs"),
    cost: total(rows, matrix, "cost"),
    baseline: total(baseline, matrix, "cost"),
  }));
}
