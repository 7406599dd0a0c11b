import type { RunSummary } from "@blora/runs";
import type { TopLevelSpec } from "vega-lite";
import { SERIES_COLORS } from "../charts/render.ts";
import { ownValue } from "../text/own-value.ts";
import { componentMap } from "./component-map.ts";
import { sitePlace } from "./site-name.ts";
import { type MapCell, squares } from "./squares.ts";

const CELL = { width: 30, height: 24 };

type Sites = Pick<RunSummary, "ranks" | "bits">;

/** Rank of every site: a row for each kind of site, a column for each layer. */
export function rankMap({ ranks }: Pick<RunSummary, "ranks">): TopLevelSpec {
  return siteMap("Rank", ranks, SERIES_COLORS[0]);
}

/** Bit widths of operands that are alike at every site: of each component where some site has one for each, else of the whole operand. */
export function bitsMap({ ranks, bits }: Sites, operands: readonly string[]): TopLevelSpec {
  const title = `Bits of ${operands.join(" and ")}`;
  const operand = operands[0]!;
  const widths = Object.entries(bits).flatMap(([path, site]) =>
    [ownValue(site, operand)].flatMap((own) => (own === undefined ? [] : [[path, own] as const])),
  );
  const whole = widths.filter((entry): entry is [string, number] => typeof entry[1] === "number");
  if (whole.length === widths.length) return siteMap(title, Object.fromEntries(whole), SERIES_COLORS[1]);
  const components = widths.map(
    ([path, own]) =>
      [path, typeof own === "number" ? Array<number>(ownValue(ranks, path) ?? 0).fill(own) : own] as const,
  );
  return componentMap(title, Object.fromEntries(components), SERIES_COLORS[1]);
}

function siteMap(title: string, values: Readonly<Record<string, number>>, color: string): TopLevelSpec {
  const places = Object.entries(values).map(([path, value]) => ({ ...sitePlace(path), value }));
  const layers = [...new Set(places.map(({ layer }) => layer))].sort((a, b) => a - b);
  const cells = places.map(({ layer, name, value }): MapCell => ({ column: layer, row: name, value }));
  return {
    title,
    ...squares(cells, {
      columns: { title: "layer", values: layers },
      rows: { title: null, values: [...new Set(cells.map(({ row }) => row))] },
      cell: CELL,
      color,
      largest: Math.max(1, ...cells.map(({ value }) => value)),
    }),
  };
}
