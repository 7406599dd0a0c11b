import type { GateRecord } from "@blora/runs";
import type { TopLevelSpec } from "vega-lite";
import { SERIES_COLORS } from "../charts/render.ts";
import { meanOf } from "../sweep/spread.ts";
import { componentOf } from "./gate-points.ts";
import { sitePlace } from "./site-name.ts";

/** Logged steps that are drawn, spread evenly, the first and the last among them. */
const STEPS = 4;
const CELL = { width: 12, height: 9 };

interface GateCell {
  /** Layer and kind of site. */
  readonly site: string;
  readonly component: number;
  /** Mean P(open) over the gates of the component: 0 where it is closed, 1 at its largest width. */
  readonly value: number;
}

/** How open every component of every site is, at a few steps; undefined where components have no gates. */
export function gateMap(records: readonly GateRecord[]): TopLevelSpec | undefined {
  const panels = spread(records.map(({ step, gates }) => ({ step, cells: cellsOf(gates) }))).filter(
    ({ cells }) => cells.length > 0,
  );
  if (panels.length === 0) return undefined;
  const sites = byKind([...new Set(panels.flatMap(({ cells }) => cells.map(({ site }) => site)))]);
  const components = [...new Set(panels.flatMap(({ cells }) => cells.map(({ component }) => component)))].sort(
    (a, b) => a - b,
  );
  return {
    title: "Gates of components",
    spacing: 14,
    hconcat: panels.map(({ step, cells }, index) => ({
      title: { text: `step ${step}`, fontSize: 11, fontWeight: "normal" as const, frame: "group" as const },
      width: { step: CELL.width },
      height: { step: CELL.height },
      view: { fill: "currentColor", fillOpacity: 0.04 },
      data: { values: cells },
      mark: { type: "rect" as const, color: SERIES_COLORS[2], stroke: null },
      encoding: {
        x: {
          field: "component",
          type: "ordinal" as const,
          title: "component",
          scale: { domain: components, paddingInner: 0.08 },
          axis: { domain: false, ticks: false, labelAngle: 0 },
        },
        y: {
          field: "site",
          type: "ordinal" as const,
          title: null,
          scale: { domain: sites, paddingInner: 0.08 },
          axis: index === 0 ? firstOfKinds(sites) : null,
        },
        fillOpacity: {
          field: "value",
          type: "quantitative" as const,
          scale: { domain: [0, 1], range: [0.02, 0.9] },
          legend: null,
        },
      },
    })),
  };
}

function cellsOf(gates: GateRecord["gates"]): GateCell[] {
  return Object.entries(gates).flatMap(([path, units]) => {
    const { layer, name } = sitePlace(path);
    return Object.entries(units).flatMap(([unit, probabilities]) => {
      const component = componentOf(unit);
      const open = Object.values(probabilities);
      if (component === undefined || open.length === 0) return [];
      return [{ site: `${layer} ${name}`, component, value: meanOf(open) }];
    });
  });
}

/** Rows are too low for a label each: the first layer of a kind names it. */
function firstOfKinds(sites: readonly string[]) {
  const firsts = sites.filter((site, index) => index === 0 || kindOf(site) !== kindOf(sites[index - 1]!));
  return {
    values: firsts,
    labelExpr: "slice(datum.label, indexof(datum.label, ' ') + 1)",
    labelLimit: 0,
    domain: false,
    ticks: false,
  };
}

function kindOf(site: string): string {
  return site.slice(site.indexOf(" ") + 1);
}

/** Sites of a kind together, in the order they come. */
function byKind(sites: readonly string[]): string[] {
  return [...new Set(sites.map(kindOf))].flatMap((kind) => sites.filter((site) => kindOf(site) === kind));
}

function spread<Item>(items: readonly Item[]): Item[] {
  const last = items.length - 1;
  const wanted = Array.from({ length: STEPS }, (_, index) => Math.round((index * last) / (STEPS - 1)));
  return [...new Set(wanted)].flatMap((index) => items[index] ?? []);
}
