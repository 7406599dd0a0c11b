import type { RunSummary } from "@blora/trainer";
import type { TopLevelSpec } from "vega-lite";
import { SERIES_COLORS } from "../charts/render.ts";
import { sitePlace } from "./site-name.ts";

/** One square of a heat map. */
export interface SiteCell {
  readonly layer: number;
  readonly name: string;
  readonly value: number;
}

const CELL = { width: 30, height: 24 };

/** Rank of every site: a row for each kind of site, a column for each layer. */
export function rankMap({ ranks }: Pick<RunSummary, "ranks">): TopLevelSpec {
  return heatMap("Rank", cellsOf(ranks), SERIES_COLORS[0]);
}

/** Bit width of one operand at every site that has it. */
export function bitsMap({ bits }: Pick<RunSummary, "bits">, operand: string): TopLevelSpec {
  const widths = Object.entries(bits).flatMap(([path, site]) =>
    operand in site ? [[path, site[operand]!] as const] : [],
  );
  return heatMap(`Bits of ${operand}`, cellsOf(Object.fromEntries(widths)), SERIES_COLORS[1]);
}

/** Operands that have a width somewhere, in the order sites name them. */
export function operandsOf({ bits }: Pick<RunSummary, "bits">): string[] {
  return [...new Set(Object.values(bits).flatMap((site) => Object.keys(site)))];
}

function cellsOf(values: Readonly<Record<string, number>>): SiteCell[] {
  return Object.entries(values).map(([path, value]) => ({ ...sitePlace(path), value }));
}

/** The color deepens with the value and lets the page shine through, so that it reads on light and dark. */
function heatMap(title: string, cells: readonly SiteCell[], color: string): TopLevelSpec {
  const layers = [...new Set(cells.map(({ layer }) => layer))].sort((a, b) => a - b);
  const x = {
    field: "layer",
    type: "ordinal",
    title: "layer",
    sort: layers,
    axis: { labelAngle: 0, domain: false, ticks: false },
  } as const;
  const y = {
    field: "name",
    type: "nominal",
    title: null,
    sort: null,
    axis: { domain: false, ticks: false, labelLimit: 0 },
  } as const;
  return {
    title,
    width: { step: CELL.width },
    height: { step: CELL.height },
    data: { values: [...cells] },
    layer: [
      {
        mark: { type: "rect", color, cornerRadius: 3, stroke: null },
        encoding: {
          x: { ...x, scale: { paddingInner: 0.08 } },
          y: { ...y, scale: { paddingInner: 0.1 } },
          fillOpacity: {
            field: "value",
            type: "quantitative",
            scale: { type: "sqrt", domain: [0, largest(cells)], range: [0.04, 0.8] },
            legend: null,
          },
        },
      },
      {
        mark: { type: "text", color: "currentColor", fontSize: 11 },
        encoding: { x, y, text: { field: "value", type: "quantitative", format: "~g" } },
      },
    ],
  };
}

function largest(cells: readonly SiteCell[]): number {
  return cells.reduce((most, { value }) => Math.max(most, value), 1);
}
