import type { ScoresByType } from "@blora/spec";

/** A line for each type of answer, such as of entity, in columns. */
export function typesTable(types: ScoresByType): string {
  const metrics = [...new Set(Object.values(types).flatMap((scores) => Object.keys(scores)))];
  const rows = Object.entries(types).map(([type, scores]) => [
    type,
    ...metrics.map((metric) => (metric === "support" ? String(scores[metric]) : (scores[metric]?.toFixed(4) ?? ""))),
  ]);
  const table = [["", ...metrics], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const line = ([name, ...cells]: readonly string[]): string =>
    ["", name!.padEnd(widths[0]!), ...cells.map((cell, index) => cell.padStart(widths[index + 1]!))].join("  ");
  return table.map(line).join("\n");
}
