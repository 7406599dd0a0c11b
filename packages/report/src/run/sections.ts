import type { RunFiles } from "@blora/runs";
import { count, score, share } from "../text/format.ts";
import { engineText, measuredLines, measuredOf, secondsText } from "../text/measured.ts";
import { operandGroups } from "../text/widths.ts";
import { answersSection } from "./answers.ts";
import { costChart, lossChart, metricChart } from "./curves.ts";
import { environmentFacts, seedText } from "./facts.ts";
import { gateChart } from "./gate-chart.ts";
import { gateMap } from "./gate-map.ts";
import { gatePoints } from "./gate-points.ts";
import { matrixTotals } from "./ledger.ts";
import type { Figure, Section, Table } from "./section.ts";
import { bitsMap, rankMap } from "./site-maps.ts";
import { typesSection } from "./types-section.ts";

/** Every part that a run has something to show for. */
export function runSections(run: RunFiles): Section[] {
  return [
    curvesSection(run),
    answersSection(run),
    typesSection(run),
    sitesSection(run),
    gatesSection(run),
    ledgerSection(run),
    environmentSection(run),
  ].filter(({ figures = [], tables = [] }) => figures.length + tables.length > 0);
}

function curvesSection({ steps, evaluations, summary }: RunFiles): Section {
  const figures: Figure[] = [];
  if (steps.length > 0) {
    figures.push({ id: "loss", caption: "Loss over the steps", spec: lossChart(steps, evaluations) });
  }
  if (evaluations.length > 0) {
    const selectedStep = summary?.metrics[summary.selected]?.step;
    const spec = metricChart(steps, evaluations, { majority: summary?.baseline ?? {}, selectedStep });
    figures.push({ id: "score", caption: "Scores over the steps; the ring marks the weights of the adapter", spec });
  }
  if (evaluations.some(({ costRatio }) => costRatio > 0)) {
    figures.push({ id: "cost", caption: "Bit operations over the steps", spec: costChart(steps, evaluations) });
  }
  return { id: "curves", title: "Training", figures };
}

function sitesSection({ summary }: RunFiles): Section {
  if (summary === undefined || Object.keys(summary.ranks).length === 0) return { id: "sites", title: "Ranks and bits" };
  const bits = operandGroups(Object.values(summary.bits)).map((operands) => ({
    id: `bits-${operands.join("-")}`,
    caption: `Bit widths of ${operands.join(" and ")} at every site`,
    spec: bitsMap(summary, operands),
  }));
  return {
    id: "sites",
    title: "Ranks and bits",
    text: "A row for each kind of adapted map, a column for each layer; of components a panel for each kind, strongest first, closed ones left empty.",
    figures: [{ id: "rank", caption: "Rank of every site", spec: rankMap(summary) }, ...bits],
  };
}

function gatesSection({ gates }: RunFiles): Section {
  const points = gatePoints(gates);
  const map = gateMap(gates);
  return {
    id: "gates",
    title: "Gates",
    text: "Mean over the sites as a line, smallest to largest as a band. Squares deepen with the mean over the gates of a component, a row for each site, layers of a kind together.",
    figures: [
      ...[...new Set(points.map(({ group }) => group))].map((group) => ({
        id: `gates-${group.replace(" ", "-")}`,
        caption: `Probability of the gates of ${group} being open over the steps`,
        spec: gateChart(points, group),
      })),
      ...(map === undefined
        ? []
        : [
            { id: "gates-components", caption: "How open every component of every site is, at a few steps", spec: map },
          ]),
    ],
  };
}

function ledgerSection({ ledger, summary }: RunFiles): Section {
  if (ledger === undefined || ledger.rows.length === 0) return { id: "ledger", title: "Bit operations" };
  const { unit, scope, rows } = ledger;
  const totals = matrixTotals(ledger);
  const all = { cost: sum(totals.map(({ cost }) => cost)), baseline: sum(totals.map(({ baseline }) => baseline)) };
  const measured = summary === undefined ? [] : measuredLines(summary);
  const line = (name: string, macs: number, cost: number, baseline: number) => [
    name,
    count(macs),
    count(cost),
    count(baseline),
    share(baseline === 0 ? null : cost / baseline),
  ];
  return {
    id: "ledger",
    title: "Bit operations",
    text: `Per token, scope ${scope}, against plain LoRA in 32 bit at the starting rank.`,
    tables: [
      {
        columns: ["matrix", "multiply-accumulates", unit, "LoRA in 32 bit", "share"],
        rows: [
          ...totals.map(({ matrix, macs, cost, baseline }) => line(matrix, macs, cost, baseline)),
          line("total", sum(totals.map(({ macs }) => macs)), all.cost, all.baseline),
        ],
      },
      ...(measured.length === 0
        ? []
        : [{ caption: `Measured, by ${engineText(summary!.engine)}`, columns: ["", "seconds"], rows: measured }]),
      {
        summary: `Every matrix product, a line for each width (${rows.length})`,
        columns: ["site", "matrix", "multiply-accumulates", "weight bits", "input bits", unit],
        rows: rows.map(({ path, matrix, macs, weightBits, inputBits, cost }) => [
          path,
          matrix,
          count(macs),
          String(weightBits),
          String(inputBits),
          count(cost),
        ]),
      },
    ],
  };
}

function environmentSection(run: RunFiles): Section {
  const facts = environmentFacts(run).map(({ name, value }) => [name, value]);
  const isMachine = ([name]: readonly string[]) => /^(machine|versions|engine|model)\b/.test(name!);
  return {
    id: "environment",
    title: "Environment",
    tables: [
      { columns: ["", ""], rows: facts.filter(isMachine) },
      { summary: "Settings and data", columns: ["", ""], rows: facts.filter((fact) => !isMachine(fact)) },
    ],
  };
}

/** Runs of the same settings side by side, such as seeds. */
export function runsTable(runs: readonly RunFiles[]): Table {
  return {
    columns: ["run", "seed", "score", "majority", "bit operations", "s/step", "steps", "tokens/s"],
    rows: runs.map(({ folder, config, summary }) => [
      folder,
      seedText({ config }),
      score(summary?.metric.value),
      score(summary?.baseline[summary.metric.name]),
      share(summary?.bops.ratio ?? null),
      secondsText(summary === undefined ? null : measuredOf(summary).secondsPerStep),
      summary === undefined ? "unfinished" : count(summary.steps),
      summary === undefined ? "" : count(summary.tokensPerSecond),
    ]),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
