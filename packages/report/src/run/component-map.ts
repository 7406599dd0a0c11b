import type { TopLevelSpec } from "vega-lite";
import { sitePlace } from "./site-name.ts";
import { type MapCell, squares } from "./squares.ts";

const CELL = { width: 24, height: 20 };
/** Pixels panels may take side by side, and those of a panel's labels. */
const WIDTH = 900;
const LABELS = 60;

/**
 * A value of every component of every site: a panel for each kind of site with
 * a row for each layer and a column for each component.
 *
 * @param values strongest component first, by site path; closed ones are absent
 */
export function componentMap(
  title: string,
  values: Readonly<Record<string, readonly number[]>>,
  color: string,
): TopLevelSpec {
  const sites = Object.entries(values).map(([path, own]) => ({ ...sitePlace(path), own }));
  const components = Array.from(
    { length: Math.max(1, ...sites.map(({ own }) => own.length)) },
    (_, index) => index + 1,
  );
  const largest = Math.max(1, ...sites.flatMap(({ own }) => own));
  const panels = [...new Set(sites.map(({ name }) => name))].map((name) => {
    const own = sites.filter((site) => site.name === name).sort((a, b) => a.layer - b.layer);
    const cells = own.flatMap((site) =>
      site.own.map((value, index): MapCell => ({ column: index + 1, row: site.layer, value })),
    );
    return {
      title: { text: name, fontSize: 11, fontWeight: "normal" as const },
      ...squares(cells, {
        columns: { title: "component", values: components },
        rows: { title: "layer", values: own.map(({ layer }) => layer) },
        cell: CELL,
        color,
        largest,
      }),
    };
  });
  return {
    title,
    columns: Math.min(panels.length, Math.max(1, Math.floor(WIDTH / (components.length * CELL.width + LABELS)))),
    spacing: 16,
    concat: panels,
  };
}
