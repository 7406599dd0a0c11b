import type { RunFiles } from "@blora/runs";
import { markdownTable } from "@blora/spec";
import { score } from "../text/format.ts";
import { ownValue } from "../text/own-value.ts";
import { keyFacts, runTitle } from "./facts.ts";
import { runSections, runsTable } from "./sections.ts";
import { sitesPicture } from "./sites-picture.ts";

/** A run as text for a terminal: what the page says, with a picture of the sites in characters. */
export function reportMarkdown(run: RunFiles, siblings: readonly RunFiles[] = [run]): string {
  const { summary, evaluations } = run;
  const facts = keyFacts(run).map(
    ({ name, value, note }) => `- ${name}: ${value}${note === undefined ? "" : ` (${note})`}`,
  );
  const warnings = (summary?.warnings ?? []).map((warning) => `- warning: ${warning}`);
  const runs = runsTable(siblings);
  const blocks = [
    `# ${runTitle(run)}`,
    [...facts, ...warnings].join("\n"),
    ...(siblings.length > 1 ? ["## Runs", markdownTable(runs.columns, runs.rows)] : []),
    ...(evaluations.length > 0 ? ["## Evaluations", evaluationTable(run)] : []),
    ...(summary !== undefined && Object.keys(summary.ranks).length > 0
      ? ["## Ranks and bits", `\`\`\`\n${sitesPicture(summary, Math.max(1, ...Object.values(summary.ranks)))}\n\`\`\``]
      : []),
    ...runSections(run)
      .filter(({ tables = [] }) => tables.length > 0)
      .flatMap(({ title, text, tables = [] }) => [
        `## ${title}`,
        ...(text === undefined ? [] : [text]),
        ...tables
          .filter(({ summary: folded }) => folded === undefined)
          .map(({ caption, columns, rows }) =>
            [...(caption ? [caption] : []), markdownTable(columns, rows)].join("\n\n"),
          ),
      ]),
  ];
  return `${blocks.join("\n\n")}\n`;
}

function evaluationTable({ evaluations }: RunFiles): string {
  const metrics = [...new Set(evaluations.flatMap(({ scores }) => Object.keys(scores)))];
  return markdownTable(
    ["step", "split", "loss", ...metrics],
    evaluations.map(({ step, split, evaluationLoss, scores }) => [
      String(step),
      split,
      score(evaluationLoss),
      ...metrics.map((metric) => score(ownValue(scores, metric))),
    ]),
  );
}
