import type { Config, TopLevelSpec } from "vega-lite";

/** Readable on white and on near-black alike. */
export const SERIES_COLORS = [
  "#3b82c4",
  "#e07b39",
  "#3f9d6b",
  "#c9517a",
  "#8a6fc7",
  "#b08a2e",
  "#2a9d9d",
  "#8c8c8c",
] as const;

/** Columns that fit below a chart. */
const LEGEND_COLUMNS = 4;

/** Text and rules take the colour of the page around the figure. */
const INK = "currentColor";
const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

const CONFIG: Config = {
  background: "transparent",
  font: FONT,
  padding: 4,
  view: { stroke: null },
  axis: {
    labelColor: INK,
    titleColor: INK,
    tickColor: INK,
    domainColor: INK,
    gridColor: INK,
    gridOpacity: 0.12,
    domainOpacity: 0.35,
    tickOpacity: 0.35,
    labelOpacity: 0.8,
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: "normal",
    titleOpacity: 0.8,
    tickSize: 4,
  },
  legend: {
    labelColor: INK,
    titleColor: INK,
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: "normal",
    gradientStrokeColor: "transparent",
    labelLimit: 260,
  },
  header: { labelColor: INK, titleColor: INK, labelFontSize: 12, labelFontWeight: 600, title: null },
  title: { color: INK, subtitleColor: INK, fontSize: 13, fontWeight: 600, anchor: "start" },
  range: { category: [...SERIES_COLORS] },
};

/** A legend of so many names below a chart. */
export function legendBelow(names: number): { title: null; orient: "bottom"; columns: number } {
  return { title: null, orient: "bottom", columns: Math.min(names, LEGEND_COLUMNS) };
}

const libraries = () => Promise.all([import("vega"), import("vega-lite"), import("vega-interpreter")]);

/** Loads what draws charts, which is large: for processes that wait for something to draw, and pages that may lose their network. */
export async function loadCharts(): Promise<void> {
  await libraries();
}

/**
 * A chart as SVG text, drawn without a browser. Its expressions are interpreted: compiling them is what a page's policy
 * forbids where it forbids `eval`.
 */
export async function renderSvg(spec: TopLevelSpec): Promise<string> {
  const [vega, vegaLite, { expressionInterpreter }] = await libraries();
  const { spec: compiled } = vegaLite.compile(spec, { config: CONFIG });
  const runtime = vega.parse(compiled, undefined, { ast: true });
  const view = new vega.View(runtime, { renderer: "none", expr: expressionInterpreter });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** The same SVG as a file of its own, whose ink follows the reader's light or dark theme. */
export function standaloneSvg(svg: string): string {
  const theme = "svg{color:#1c1e21}@media(prefers-color-scheme:dark){svg{color:#e6e6e6}}";
  return svg.replace(/(<svg[^>]*>)/, `$1<style>${theme}</style>`);
}
