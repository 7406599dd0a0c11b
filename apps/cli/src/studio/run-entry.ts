import { newestEvaluation } from "@blora/report";
import { isJsonRecord, type Json } from "@blora/spec";
import type { LiveRun, RunEntry } from "@blora/studio";

/** What the list says of a run. `changed` in milliseconds since 1970. */
export function runEntry(id: string, run: LiveRun, changed: number): RunEntry {
  const { config, summary, steps, evaluations, problems, isRunning } = run;
  const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");
  const inside = (key: string): Readonly<Record<string, unknown>> => (isJsonRecord(config[key]) ? config[key] : {});
  const plugin = text(inside("method").$plugin as Json);
  const { seed } = inside("arguments");
  const isFinished = summary !== undefined && !summary.interrupted;
  return {
    id,
    task: summary?.task ?? text(inside("task").name as Json),
    // Of a path too that another system wrote.
    model:
      text(config.model)
        .split(/[\\/]/)
        .findLast((part) => part !== "") ?? "",
    method: plugin.replace("method/", ""),
    seed: typeof seed === "number" ? seed : null,
    state: isRunning ? "running" : isFinished ? "finished" : "stopped",
    step: Math.max(steps.at(-1)?.step ?? 0, summary?.steps ?? 0),
    score: scoreOf(run),
    costRatio: summary?.bops.ratio ?? evaluations.at(-1)?.costRatio ?? null,
    changed,
    problem: problems[0] ?? null,
  };
}

function scoreOf({ summary, evaluations }: LiveRun): RunEntry["score"] {
  if (summary !== undefined) {
    const { name, value } = summary.metric;
    return { name, value, majority: summary.baseline[name] ?? null };
  }
  const [[name, value] = []] = Object.entries(newestEvaluation(evaluations)?.scores ?? {});
  return name === undefined ? null : { name, value: value ?? null, majority: null };
}
