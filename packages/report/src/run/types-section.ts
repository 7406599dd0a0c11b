import type { RunFiles } from "@blora/runs";
import { count, score } from "../text/format.ts";
import { ownValue } from "../text/own-value.ts";
import type { Section } from "./section.ts";

/** Scores of each type of answer of the deciding split, such as of entity. */
export function typesSection({ summary }: Pick<RunFiles, "summary">): Section {
  const types = (summary && ownValue(summary.metrics[summary.selected]?.splits ?? {}, summary.split)?.types) ?? {};
  const metrics = [...new Set(Object.values(types).flatMap((scores) => Object.keys(scores)))];
  const rows = Object.entries(types).map(([type, scores]) => [
    type,
    ...metrics.map((metric) => (metric === "support" ? count(scores[metric] ?? 0) : score(ownValue(scores, metric)))),
  ]);
  return {
    id: "types",
    title: "By type",
    text: `Of the adapter, on ${summary?.split}.`,
    tables: rows.length === 0 ? [] : [{ columns: ["type", ...metrics], rows }],
  };
}
