import type { TopLevelSpec } from "vega-lite";

/** One square of a heat map. */
export interface MapCell {
  readonly column: number;
  readonly row: string | number;
  readonly value: number;
}

interface Axis {
  readonly title: string | null;
  /** In order, those without a square too. */
  readonly values: readonly (string | number)[];
}

export interface SquaresOptions {
  readonly columns: Axis;
  readonly rows: Axis;
  /** Pixels of a square. */
  readonly cell: { readonly width: number; readonly height: number };
  readonly color: string;
  /** Value of the deepest color. */
  readonly largest: number;
}

/** A heat map inside a figure. */
export type Squares = Extract<TopLevelSpec, { layer: unknown }>;

/**
 * Squares with their values. The color deepens with the value and lets the page
 * shine through, so that it reads on light and dark; places without a square stay pale.
 */
export function squares(cells: readonly MapCell[], { columns, rows, cell, color, largest }: SquaresOptions): Squares {
  const axis = { domain: false, ticks: false } as const;
  const x = {
    field: "column",
    type: "ordinal",
    title: columns.title,
    scale: { domain: Array.from(columns.values), paddingInner: 0.08 },
    axis: { ...axis, labelAngle: 0 },
  } as const;
  const y = {
    field: "row",
    type: "ordinal",
    title: rows.title,
    scale: { domain: Array.from(rows.values), paddingInner: 0.1 },
    axis: { ...axis, labelLimit: 0 },
  } as const;
  return {
    width: { step: cell.width },
    height: { step: cell.height },
    view: { fill: "currentColor", fillOpacity: 0.04 },
    data: { values: [...cells] },
    layer: [
      {
        mark: { type: "rect", color, cornerRadius: 3, stroke: null },
        encoding: {
          x,
          y,
          fillOpacity: {
            field: "value",
            type: "quantitative",
            scale: { type: "sqrt", domain: [0, largest], range: [0.04, 0.8] },
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
