import type { TopLevelSpec } from "vega-lite";
import { renderSvg } from "./render.ts";

/** Pixels below which a chart says little. */
const LEAST_WIDTH = 140;

/** What of a chart's specification decides how wide it is. */
interface Sized {
  readonly width?: unknown;
  readonly spec?: { readonly width?: unknown };
}

/**
 * A chart as SVG text that is at most so many pixels wide, where it can be: with fewer panels and entries of legends
 * beside each other and no subtitle, then with narrower panels, again
 * where what is around them did not shrink along. Squares of heat maps stay as they are.
 */
export async function renderFitted(spec: TopLevelSpec, room: number): Promise<string> {
  let chart = spec;
  let svg = await renderSvg(chart);
  for (const narrow of [fewerColumns, narrowerPanels, narrowerPanels, narrowerPanels]) {
    const width = widthOfSvg(svg);
    if (width <= room) break;
    chart = narrow(chart, room, width);
    svg = await renderSvg(chart);
  }
  return svg;
}

/** Pixels that an SVG says it is wide; 0 where it is none. */
export function widthOfSvg(svg: string): number {
  return Number(/^<svg[^>]*? width="([\d.]+)"/.exec(svg)?.[1] ?? 0);
}

function fewerColumns(spec: TopLevelSpec, room: number, width: number): TopLevelSpec {
  const text = JSON.stringify(spec, (key, value) => {
    // Vega counts a long line above panels from the middle of the chart on.
    if (key === "subtitle") return undefined;
    return key === "columns" && typeof value === "number" ? Math.max(1, Math.floor((value * room) / width)) : value;
  });
  return JSON.parse(text) as TopLevelSpec;
}

function narrowerPanels(spec: TopLevelSpec, room: number, width: number): TopLevelSpec {
  const { width: own, spec: panel } = spec as Sized;
  const less = (value: number) => Math.max(LEAST_WIDTH, Math.floor(value - (width - room)));
  if (typeof own === "number") return { ...spec, width: less(own) } as TopLevelSpec;
  if (typeof panel?.width !== "number") return spec;
  return { ...spec, spec: { ...panel, width: less(panel.width) } } as TopLevelSpec;
}
