import type { RunSummary } from "@blora/runs";
import { ownValue } from "../text/own-value.ts";
import type { SiteBits } from "../text/widths.ts";
import { sitePlace } from "./site-name.ts";

const BLOCKS = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;
const GAP = 2;

/** Columns of text that layers may take side by side. */
const WIDTH = 120;

/**
 * Rank and bits of every site as a picture for the terminal: a row for each
 * kind of site, a column for each layer, and in it a bar as high as the rank
 * with the bits of its components, strongest first, or those of A and B.
 * Layers that do not fit side by side follow below, and sites that are all alike are one line.
 */
export function sitesPicture({ ranks, bits }: Pick<RunSummary, "ranks" | "bits">, fullRank: number): string {
  const rows = new Map<string, Map<number, string>>();
  for (const [path, rank] of Object.entries(ranks)) {
    const { layer, name } = sitePlace(path);
    const row = rows.get(name) ?? new Map<number, string>();
    rows.set(name, row.set(layer, cell(rank, ownValue(bits, path) ?? {}, fullRank)));
  }
  const cells = [...rows.values()].flatMap((row) => [...row.values()]);
  const picture =
    cells.length > 1 && new Set(cells).size === 1 ? `all ${cells.length} sites  ${cells[0]}` : blocksOf(rows);
  return `${picture}\n${legend(Object.values(bits))}`;
}

function blocksOf(rows: ReadonlyMap<string, ReadonlyMap<number, string>>): string {
  const layers = [...new Set([...rows.values()].flatMap((row) => [...row.keys()]))].sort((a, b) => a - b);
  const names = ["layer", ...rows.keys()];
  const columns = layers.map((layer) => [`${layer}`, ...[...rows.values()].map((row) => row.get(layer) ?? "")]);
  const blocks: (readonly string[])[][] = [];
  let left = 0;
  for (const column of columns) {
    left -= widthOf(column);
    if (left < 0 || blocks.length === 0) {
      blocks.push([names]);
      left = WIDTH - widthOf(names) - widthOf(column);
    }
    blocks.at(-1)!.push(column);
  }
  return blocks.map((block) => aligned(block).join("\n")).join("\n\n");
}

function widthOf(column: readonly string[]): number {
  return GAP + Math.max(...column.map((text) => text.length));
}

function aligned(columns: readonly (readonly string[])[]): string[] {
  return columns[0]!.map((_, line) =>
    columns
      .map((column) => column[line]!.padEnd(widthOf(column)))
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
