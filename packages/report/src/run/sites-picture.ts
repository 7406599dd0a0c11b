import type { RunSummary } from "@blora/runs";
import { ownValue } from "../text/own-value.ts";
import type { SiteBits } from "../text/widths.ts";
import { sitePlace } from "./site-name.ts";

const BLOCKS = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;
const GAP = 2;

/**
 * Rank and bits of every site as a picture for the terminal: a row for each
 * kind of site, a column for each layer, and in it a bar as high as the rank
 * with the bits of its components, strongest first, or those of A and B.
 */
export function sitesPicture({ ranks, bits }: Pick<RunSummary, "ranks" | "bits">, fullRank: number): string {
  const rows = new Map<string, Map<number, string>>();
  for (const [path, rank] of Object.entries(ranks)) {
    const { layer, name } = sitePlace(path);
    const row = rows.get(name) ?? new Map<number, string>();
    rows.set(name, row.set(layer, cell(rank, ownValue(bits, path) ?? {}, fullRank)));
  }
  const layers = [...new Set([...rows.values()].flatMap((row) => [...row.keys()]))].sort((a, b) => a - b);
  const lines = [...rows].map(([name, row]) => [name, ...layers.map((layer) => row.get(layer) ?? "")]);
  return [...aligned([["layer", ...layers.map(String)], ...lines]), legend(Object.values(bits))].join("\n");
}

function aligned(lines: readonly (readonly string[])[]): string[] {
  const widths = lines[0]!.map((_, column) => GAP + Math.max(...lines.map((cells) => cells[column]!.length)));
  return lines.map((cells) =>
    cells
      .map((text, column) => text.padEnd(widths[column]!))
      .join("")
      .trimEnd(),
  );
}

function cell(rank: number, { A, B }: SiteBits, fullRank: number): string {
  const bar = BLOCKS[Math.round((8 * Math.min(rank, fullRank)) / fullRank)]!;
  if (A === undefined || B === undefined) return `${bar}${rank}`;
  const [a, b] = [componentBits(A), componentBits(B)];
  const text = a === b && typeof A !== "number" ? a : `${a}/${b}`;
  return text === "" ? `${bar}${rank}` : `${bar}${rank}·${text}`;
}

/** `8442`, with commas where a width has two digits. */
function componentBits(bits: SiteBits[string]): string {
  const widths = [bits].flat();
  return widths.join(widths.some((width) => width > 9) ? "," : "");
}

function legend(sites: readonly SiteBits[]): string {
  const isPerComponent = sites.some((site) => Object.values(site).some((own) => typeof own !== "number"));
  return `bar: rank, then rank · ${isPerComponent ? "bits of each component, strongest first" : "bits of A/B"}`;
}
