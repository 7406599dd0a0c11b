import type { TopLevelSpec } from "vega-lite";
import { meanOf } from "../sweep/spread.ts";
import type { GateRecord } from "./metrics.ts";

/** One gate over all sites at a step. */
export interface GatePoint {
  /** What the gate opens: `rank`, or an operand. */
  readonly group: string;
  /** Component or width. */
  readonly gate: string;
  readonly step: number;
  /** Mean, smallest and largest P(open) of the sites. */
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

const PANEL = { width: 235, height: 150 };
const RANK = "rank";

/** Mean, smallest and largest probability of every gate at every logged step. */
export function gatePoints(records: readonly GateRecord[]): GatePoint[] {
  return records.flatMap(({ step, gates }) => {
    const values = new Map<string, { group: string; gate: string; open: number[] }>();
    for (const groups of Object.values(gates)) {
      for (const [group, probabilities] of Object.entries(groups)) {
        for (const [gate, probability] of Object.entries(probabilities)) {
          const key = `${group}/${gate}`;
          const entry = values.get(key) ?? { group, gate, open: [] };
          entry.open.push(probability);
          values.set(key, entry);
        }
      }
    }
    return [...values.values()].map(({ group, gate, open }) => ({
      group,
      gate,
      step,
      mean: meanOf(open),
      low: Math.min(...open),
      high: Math.max(...open),
    }));
  });
}

/** The gates of one group: mean over the sites as lines, smallest to largest as bands. */
export function gateChart(points: readonly GatePoint[], group: string): TopLevelSpec {
  const own = points.filter((point) => point.group === group);
  const gates = [...new Set(own.map(({ gate }) => gate))].sort((a, b) => Number(a) - Number(b));
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
      title: group === RANK ? "component" : "bits",
      orient: "bottom",
      titleOrient: "left",
      symbolType: "stroke",
      columns: 4,
      symbolOpacity: 1,
    },
  } as const;
  return {
    title: group === RANK ? "Gates of the rank" : `Gates of ${group}`,
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

/** From blue for the first gate to red for the last. */
function gateColors(count: number): string[] {
  const ramp = ["#2f6fb5", "#3d9aa8", "#54a866", "#a3a53a", "#d8973a", "#d56f3e", "#c5485c"];
  if (count >= ramp.length) return ramp;
  return Array.from(
    { length: count },
    (_, index) => ramp[Math.round((index * (ramp.length - 1)) / Math.max(1, count - 1))]!,
  );
}
