import type { RunSummary } from "@blora/trainer";
import { sitePlace } from "./site-name.ts";

const BLOCKS = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;

interface Cell {
  readonly rank: number;
  readonly bits: Readonly<Record<string, number>>;
}

/**
 * Rank and bits of every site as a picture for the terminal: a row for each
 * kind of site, a column for each layer, and in it a bar as high as the rank
 * with the bits of A and B under it.
 */
export function sitesPicture({ ranks, bits }: Pick<RunSummary, "ranks" | "bits">, fullRank: number): string {
  const rows = new Map<string, Map<number, Cell>>();
  for (const [path, rank] of Object.entries(ranks)) {
    const { layer, name } = sitePlace(path);
    const row = rows.get(name) ?? new Map<number, Cell>();
    rows.set(name, row.set(layer, { rank, bits: bits[path] ?? {} }));
  }
  const layers = [...new Set([...rows.values()].flatMap((row) => [...row.keys()]))].sort((a, b) => a - b);
  const width = Math.max(...[...rows.keys()].map((name) => name.length));
  const header = `${"layer".padEnd(width)}  ${layers.map((layer) => String(layer).padEnd(9)).join("")}`;
  const lines = [...rows].map(
    ([name, row]) =>
      `${name.padEnd(width)}  ${layers.map((layer) => cell(row.get(layer), fullRank).padEnd(9)).join("")}`,
  );
  return [header.trimEnd(), ...lines.map((line) => line.trimEnd()), "bar: rank, then rank · bits of A/B"].join("\n");
}

function cell(value: Cell | undefined, fullRank: number): string {
  if (value === undefined) return "";
  const { rank, bits } = value;
  const bar = BLOCKS[Math.round((8 * Math.min(rank, fullRank)) / fullRank)]!;
  const widths = bits.A === undefined ? "" : `·${bits.A}/${bits.B}`;
  return `${bar}${rank}${widths}`;
}
