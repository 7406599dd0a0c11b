import type { GateRecord } from "@blora/runs";
import { meanOf } from "../sweep/spread.ts";

/** One gate over all sites at a step. */
export interface GatePoint {
  /** Gates that are shown together: of the `rank`, of an operand, or of a width of components such as `2 bits`. */
  readonly group: string;
  /** What the gate opens: a component, or a width of an operand. */
  readonly gate: string;
  readonly step: number;
  /** Mean, smallest and largest P(open) of the sites. */
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

const COMPONENT = /^component (\d+)$/;

/** Number of the component that a unit of gates decides on; undefined for units that cover a site. */
export function componentOf(unit: string): number | undefined {
  const [, component] = COMPONENT.exec(unit) ?? [];
  return component === undefined ? undefined : Number(component);
}

/** Mean, smallest and largest probability of every gate at every logged step. */
export function gatePoints(records: readonly GateRecord[]): GatePoint[] {
  return records.flatMap(({ step, gates }) => {
    const found = new Map<string, { group: string; gate: string; open: number[] }>();
    for (const units of Object.values(gates)) {
      for (const [unit, probabilities] of Object.entries(units)) {
        for (const [level, probability] of Object.entries(probabilities)) {
          const place = placeOf(unit, level);
          const key = `${place.group}/${place.gate}`;
          const entry = found.get(key) ?? { ...place, open: [] };
          entry.open.push(probability);
          found.set(key, entry);
        }
      }
    }
    return [...found.values()].map(({ group, gate, open }) => ({
      group,
      gate,
      step,
      mean: meanOf(open),
      low: Math.min(...open),
      high: Math.max(...open),
    }));
  });
}

/** Components of one width are compared with each other, widths of one operand likewise. */
function placeOf(unit: string, level: string): Pick<GatePoint, "group" | "gate"> {
  const component = componentOf(unit);
  return component === undefined ? { group: unit, gate: level } : { group: `${level} bits`, gate: String(component) };
}
