/** What pasted rows are, by how they look. */
export function nameOfRows(text: string): string {
  const [first = ""] = text.trimStart().split("\n", 1);
  if (first.startsWith("{")) return "rows.jsonl";
  if (first.startsWith("[")) return "rows.json";
  return first.includes("\t") ? "rows.tsv" : "rows.csv";
}
