/**
 * A Markdown table. Pipes and line breaks in cells are escaped, and what would be taken for HTML and not be shown.
 *
 * @param numbersFrom index of the first column that is aligned to the right; none by default
 */
export function markdownTable(
  columns: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  numbersFrom: number = columns.length,
): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.map(escaped).join(" | ")} |`;
  const rule = columns.map((_, column) => (column < numbersFrom ? "---" : "---:"));
  return [columns, rule, ...rows].map(line).join("\n");
}

function escaped(cell: string | number): string {
  return (
    String(cell)
      // A backslash before a pipe would itself be what is escaped.
      .replace(/(\\*)\|/g, "$1$1\\|")
      .replace(/<(?=[a-z/!?])/gi, "\\<")
      .replace(/\s*[\r\n]\s*/g, " ")
  );
}
