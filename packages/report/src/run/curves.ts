import type { Evaluation, StepRecord } from "@blora/runs";
import type { TopLevelSpec } from "vega-lite";
import { legendBelow, SERIES_COLORS } from "../charts/render.ts";

const WIDTH = 360;
const HEIGHT = 220;

/** What a chart shows over the steps. */
export interface Quantity {
  readonly title: string;
  readonly unit: string;
  /** Shown in per cent, from 0 on. */
  readonly isShare?: boolean;
}

export const BIT_OPERATIONS: Quantity = { title: "Bit operations", unit: "share of LoRA in 32 bit", isShare: true };

/** Losses of training and evaluation over the steps, on bands that name the phases. */
export function lossChart(steps: readonly StepRecord[], evaluations: readonly Evaluation[]): TopLevelSpec {
  const points = [
    ...steps.map(({ step, loss }) => ({ step, series: "training", value: loss })),
    ...steps.flatMap(({ step, penalty }) =>
      penalty === undefined ? [] : [{ step, series: "penalty", value: penalty }],
    ),
    ...evaluations.map(({ step, split, evaluationLoss }) => ({ step, series: split, value: evaluationLoss })),
  ];
  return curves({ title: "Loss", unit: "loss" }, points, [phaseBands(steps)]);
}

/** The price of the adapter with hard gates, as evaluations found it. */
export function costChart(steps: readonly StepRecord[], evaluations: readonly Evaluation[]): TopLevelSpec {
  const points = evaluations.map(({ step, costRatio }) => ({ step, series: "bit operations", value: costRatio }));
  return curves(BIT_OPERATIONS, points, [phaseBands(steps)]);
}

export interface MetricChartOptions {
  /** Scores of always giving the most frequent answer. */
  readonly majority: Readonly<Record<string, number>>;
  /** Step whose weights the run reports. */
  readonly selectedStep: number | undefined;
}

/** Scores over the steps, the majority's as dashes, the reported one ringed. */
export function metricChart(
  steps: readonly StepRecord[],
  evaluations: readonly Evaluation[],
  { majority, selectedStep }: MetricChartOptions,
): TopLevelSpec {
  const severalSplits = new Set(evaluations.map(({ split }) => split)).size > 1;
  const points = evaluations.flatMap(({ step, split, scores }) =>
    Object.entries(scores).map(([metric, value]) => ({
      step,
      series: severalSplits ? `${split} ${metric}` : metric,
      value,
    })),
  );
  const rules = Object.entries(majority).map(([metric, value]) => ({ series: `majority ${metric}`, value }));
  const ringed = points.filter(({ step }) => step === selectedStep);
  return curves({ title: "Score", unit: "score" }, points, [
    phaseBands(steps),
    {
      data: { values: rules },
      mark: { type: "rule", strokeDash: [4, 4], opacity: 0.5, color: "currentColor" },
      encoding: { y: { field: "value", type: "quantitative" } },
    },
    {
      data: { values: ringed },
      mark: { type: "point", size: 160, filled: false, strokeWidth: 1.5, color: "currentColor", opacity: 0.8 },
      encoding: { x: STEP, y: { field: "value", type: "quantitative" } },
    },
  ]);
}

/** One quantity of several runs over the steps, in the order of `names`. */
export function comparedChart(quantity: Quantity, points: readonly Point[], names: readonly string[]): TopLevelSpec {
  return curves(quantity, points, [], names);
}

const STEP = {
  field: "step",
  type: "quantitative",
  title: "step",
  axis: { grid: false },
  scale: { nice: false },
} as const;

interface Point {
  readonly step: number;
  readonly series: string;
  /** Null where it is no number. */
  readonly value: number | null;
}

type Layer = Extract<TopLevelSpec, { layer: unknown }>["layer"][number];

function curves(
  { title, unit, isShare = false }: Quantity,
  points: readonly Point[],
  behind: readonly Layer[],
  series: readonly string[] = [...new Set(points.map((point) => point.series))],
): TopLevelSpec {
  return {
    title: { text: title, offset: 18 },
    width: WIDTH,
    height: HEIGHT,
    layer: [
      ...behind,
      {
        data: { values: [...points] },
        mark: { type: "line", strokeWidth: 1.8 },
        encoding: {
          x: STEP,
          y: {
            field: "value",
            type: "quantitative",
            title: unit,
            scale: { zero: isShare },
            ...(isShare && { axis: { format: "~%" } }),
          },
          color: {
            field: "series",
            type: "nominal",
            scale: { domain: [...series], range: [...SERIES_COLORS] },
            legend: { ...legendBelow(series.length), symbolType: "stroke" },
          },
        },
      },
    ],
  };
}

/** Every second phase is shaded; each is named above its middle. */
function phaseBands(steps: readonly StepRecord[]): Layer {
  const bands: { phase: string; from: number; to: number }[] = [];
  for (const { step, phase } of steps) {
    if (phase === undefined) continue;
    const current = bands.at(-1);
    if (current?.phase === phase) current.to = step;
    else bands.push({ phase, from: current?.to ?? 0, to: step });
  }
  const values = bands.map((band, index) => ({
    ...band,
    middle: (band.from + band.to) / 2,
    opacity: index % 2 === 0 ? 0 : 0.06,
  }));
  return {
    data: { values },
    layer: [
      {
        mark: { type: "rect", color: "currentColor" },
        encoding: {
          x: { field: "from", type: "quantitative" },
          x2: { field: "to" },
          opacity: { field: "opacity", type: "quantitative", scale: null, legend: null },
        },
      },
      {
        mark: { type: "text", baseline: "bottom", dy: -3, fontSize: 10, color: "currentColor", opacity: 0.65 },
        encoding: {
          x: { field: "middle", type: "quantitative" },
          y: { value: 0 },
          text: { field: "phase", type: "nominal" },
        },
      },
    ],
  };
}
