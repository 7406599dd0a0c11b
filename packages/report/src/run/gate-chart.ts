import type { TopLevelSpec } from "vega-lite";
import type { GatePoint } from "./gate-points.ts";

const PANEL = { width: 235, height: 150 };
/** Group of gates of one width of components. */
const WIDTH = / bits$/;

/** The gates of one group: mean over the sites as lines, smallest to largest as bands. */
export function gateChart(points: readonly GatePoint[], group: string): TopLevelSpec {
  const own = points.filter((point) => point.group === group);
  const gates = [...new Set(own.map(({ gate }) => gate))].sort((a, b) => Number(a) - Number(b));
  const { title, legend } = namesOf(group);
  const x = { field: "step", type: "quantitative", title: "step", axis: { grid: false, tickCount: 4 } } as const;
  const y = {
    type: "quantitative",
    title: "P(open)",
    scale: { domainMin: 0, domainMax: 1 },
    axis: { tickCount: 3, format: "~g" },
  } as const;
  const color = {
    field: "gate",
    type: "nominal",
    scale: { domain: gates, range: gateColors(gates.length) },
    legend: {
      title: legend,
      orient: "bottom",
      titleOrient: "left",
      symbolType: "stroke",
      columns: 4,
      symbolOpacity: 1,
    },
  } as const;
  return {
    title,
    ...PANEL,
    data: { values: own },
    layer: [
      {
        mark: { type: "area", opacity: 0.1 },
        encoding: { x, y: { field: "low", ...y }, y2: { field: "high" }, color },
      },
      {
        mark: { type: "line", strokeWidth: 1.8 },
        encoding: {
          x,
          y: { field: "mean", ...y },
          color,
        },
      },
    ],
  };
}

function namesOf(group: string): { readonly title: string; readonly legend: string } {
  if (group === "rank") return { title: "Gates of the rank", legend: "rank" };
  if (WIDTH.test(group)) return { title: `Components of ${group} or more`, legend: "component" };
  return { title: `Gates of ${group}`, legend: "bits" };
}

const RAMP = [
  [47, 111, 181],
  [61, 154, 168],
  [84, 168, 102],
  [163, 165, 58],
  [216, 151, 58],
  [213, 111, 62],
  [197, 72, 92],
] as const;

/** From blue for the first gate to red for the last. */
function gateColors(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const place = (index * (RAMP.length - 1)) / Math.max(1, count - 1);
    const [from, to] = [RAMP[Math.floor(place)]!, RAMP[Math.ceil(place)]!];
    const mixed = from.map((channel, axis) => Math.round(channel + (place % 1) * (to[axis]! - channel)));
    return `rgb(${mixed.join(", ")})`;
  });
}
