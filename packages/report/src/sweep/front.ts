import type { TopLevelSpec } from "vega-lite";
import { legendBelow, renderSvg, standaloneSvg } from "../charts/render.ts";
import type { Results } from "./results.ts";

/** A recipe as a point: what it costs and what it scores. */
export interface FrontPoint {
  /** Task, or the mean of all of them. */
  readonly panel: string;
  readonly recipe: string;
  readonly scope: string;
  /** Share of the reference's bit operations. */
  readonly cost: number;
  readonly score: number;
  readonly standardDeviation: number;
  /** Whether no other point of the panel is cheaper and at least as good. */
  readonly onFront: boolean;
}

const MEAN_PANEL = "mean of all tasks";
const PANEL_COLUMNS = 3;

/** Score against cost, a panel for each task; undefined where no row has both. */
export async function accuracyFront(results: Results): Promise<string | undefined> {
  const spec = frontSpec(results);
  return spec === undefined ? undefined : standaloneSvg(await renderSvg(spec));
}

/** The points of every panel. The mean is drawn for recipes that ran on every task, where there are several. */
export function frontPoints({ rows, overall }: Results): FrontPoint[] {
  const tasks = [...new Set(rows.map(({ task }) => task))];
  const byTask = rows.flatMap(({ task, recipe, scope, cost, best }) =>
    cost === null || cost === 0 || best === null
      ? []
      : [{ panel: task, recipe, scope, cost, score: best.mean, standardDeviation: best.standardDeviation ?? 0 }],
  );
  const scopeOf = (recipe: string) => byTask.find((point) => point.recipe === recipe)?.scope ?? "";
  const means = overall.flatMap(({ recipe, tasks: own, cost, best }) =>
    best === null || cost === null || cost === 0 || own.length < tasks.length || tasks.length < 2
      ? []
      : [{ panel: MEAN_PANEL, recipe, scope: scopeOf(recipe), cost, score: best, standardDeviation: 0 }],
  );
  const points = [...means, ...byTask];
  return points.map((point) => ({ ...point, onFront: !points.some((other) => dominates(other, point)) }));
}

type Candidate = Omit<FrontPoint, "onFront">;

function dominates(other: Candidate, point: Candidate): boolean {
  const isBetter = other.cost < point.cost || other.score > point.score;
  return other.panel === point.panel && isBetter && other.cost <= point.cost && other.score >= point.score;
}

/** The picture of `accuracyFront`, before it is drawn. */
export function frontSpec(results: Results): TopLevelSpec | undefined {
  const points = frontPoints(results);
  if (points.length === 0) return undefined;
  const panels = [...new Set(points.map(({ panel }) => panel))];
  const recipes = new Set(points.map(({ recipe }) => recipe));
  const x = {
    field: "cost",
    type: "quantitative",
    scale: { type: "log", nice: false, padding: 12 },
    axis: { format: "~%", tickCount: 4, grid: true },
    title: `bit operations, share of ${results.reference ?? "LoRA in 32 bit"}`,
  } as const;
  const y = { field: "score", type: "quantitative", scale: { zero: false, padding: 10 }, title: "score" } as const;
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    title: {
      text: "Score against bit operations",
      subtitle: "best evaluation, mean ± standard deviation; the line joins what nothing beats",
    },
    data: {
      values: points.map((point) => ({
        ...point,
        low: point.score - point.standardDeviation,
        high: point.score + point.standardDeviation,
      })),
    },
    facet: { field: "panel", type: "nominal", sort: panels },
    columns: Math.min(panels.length, PANEL_COLUMNS),
    resolve: { scale: { y: "independent" } },
    spec: {
      width: 240,
      height: 190,
      layer: [
        {
          transform: [{ filter: "datum.onFront" }],
          mark: { type: "line", interpolate: "step-after", color: "currentColor", opacity: 0.35, strokeWidth: 1 },
          encoding: { x, y },
        },
        {
          mark: { type: "rule", opacity: 0.6 },
          encoding: {
            x,
            y: { field: "low", type: "quantitative" },
            y2: { field: "high" },
            color: { field: "recipe", type: "nominal" },
          },
        },
        {
          mark: { type: "point", filled: true, size: 70, opacity: 1 },
          encoding: {
            x,
            y,
            color: {
              field: "recipe",
              type: "nominal",
              legend: legendBelow(recipes.size),
            },
            shape: {
              field: "scope",
              type: "nominal",
              legend: {
                title: "scope",
                orient: "bottom",
                symbolFillColor: "currentColor",
                symbolStrokeColor: "currentColor",
              },
            },
          },
        },
      ],
    },
  };
}
