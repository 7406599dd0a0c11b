import type { RunFiles } from "@blora/runs";
import { jsonDifferences } from "@blora/spec";
import { ownValue } from "../text/own-value.ts";
import { BIT_OPERATIONS, comparedChart } from "./curves.ts";
import { type Fact, keyFacts, runTitle } from "./facts.ts";
import { newestEvaluation } from "./newest-evaluation.ts";
import type { Figure, Section } from "./section.ts";

/** Two runs side by side: what each comes down to, their curves in one picture, and every setting that differs. */
export function compareSections(runs: readonly [RunFiles, RunFiles]): Section[] {
  const names = namesOf(runs);
  const [left, right] = runs.map((run) => new Map(keyFacts(run).map((fact) => [fact.name, fact])));
  const facts = [...new Set([...left!.keys(), ...right!.keys()])];
  const differences = jsonDifferences(runs[0].config, runs[1].config);
  return [
    {
      id: "side-by-side",
      title: "Side by side",
      tables: [
        {
          columns: ["", ...names],
          rows: facts.map((fact) => [fact, ...sideBySide(left!.get(fact), right!.get(fact))]),
          hasRowHeaders: true,
        },
      ],
    },
    { id: "compared-curves", title: "Curves", figures: comparedFigures(runs, names) },
    {
      id: "differences",
      title: "Settings that differ",
      ...(differences.length === 0
        ? { text: "None: both were started with the same settings." }
        : {
            tables: [
              {
                columns: ["setting", "first -> second"],
                rows: differences.map(({ key, text }) => [key, text.slice(`${key}: `.length)]),
                hasRowHeaders: true,
              },
            ],
          }),
    },
  ];
}

/** Two values, each with what it is to be compared with where that is not the same: another majority, another scope. */
function sideBySide(left: Fact | undefined, right: Fact | undefined): string[] {
  const isNoted = left !== undefined && right !== undefined && left.note !== right.note;
  return [left, right].map((fact) => {
    if (fact === undefined) return "–";
    return isNoted && fact.note !== undefined ? `${fact.value} (${fact.note})` : fact.value;
  });
}

/** Titles of the runs, with their folders where two are alike. */
function namesOf(runs: readonly [RunFiles, RunFiles]): [string, string] {
  const [left, right] = runs.map(runTitle) as [string, string];
  return left === right ? [`${left} (${runs[0].folder})`, `${right} (${runs[1].folder})`] : [left, right];
}

function comparedFigures(runs: readonly RunFiles[], names: readonly string[]): Figure[] {
  const of = (pointsOf: (run: RunFiles) => readonly { readonly step: number; readonly value: number | null }[]) =>
    runs.flatMap((run, index) => pointsOf(run).map((point) => ({ ...point, series: names[index]! })));
  const metrics = [...new Set(runs.flatMap(({ summary }) => summary?.metric.name ?? []))];
  const evaluated = (run: RunFiles) => run.evaluations.filter(({ split }) => split === splitOf(run));
  const charts = [
    { id: "loss", title: "Training loss", unit: "loss", points: of(lossPoints) },
    {
      id: "evaluation-loss",
      title: "Evaluation loss",
      unit: "loss",
      points: of((run) => evaluated(run).map(({ step, evaluationLoss: value }) => ({ step, value }))),
    },
    ...metrics.map((metric) => ({
      id: `score-${metric}`,
      title: metric.replaceAll("_", " "),
      unit: "score",
      points: of((run) =>
        evaluated(run).map(({ step, scores }) => ({ step, value: ownValue(scores, metric) ?? null })),
      ),
    })),
    {
      id: "cost",
      ...BIT_OPERATIONS,
      points: of((run) => evaluated(run).map(({ step, costRatio: value }) => ({ step, value }))),
    },
  ];
  return charts
    .filter(({ points }) => points.some(({ value }) => value !== null && value !== 0))
    .map(({ id, points, ...quantity }) => ({
      id: `compared-${id}`,
      caption: `${quantity.title} of both runs over the steps`,
      spec: comparedChart(quantity, points, names),
    }));
}

function lossPoints({ steps }: RunFiles) {
  return steps.map(({ step, loss: value }) => ({ step, value }));
}

/** The split a run is judged by. */
function splitOf({ summary, evaluations }: RunFiles): string | undefined {
  return summary?.split ?? newestEvaluation(evaluations)?.split;
}
