/** Characters of a cell that a message shows. */
const SHOWN = 120;

/** How messages show a cell that is not what was expected: as JSON, cut short, whatever a parquet file holds. */
export function shownCell(cell: unknown): string {
  if (cell === undefined || cell === null) return "nothing";
  if (cell instanceof Uint8Array) return `${cell.length} bytes that are no UTF-8 text`;
  const text = JSON.stringify(cell, (_, value) => (typeof value === "bigint" ? Number(value) : value));
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
