import type { RunFiles } from "@blora/runs";
import type { Json, JsonObject } from "@blora/spec";
import { meanByKey, meanOf } from "../sweep/spread.ts";
import { bitWidths, count, duration, mebibytes, oneDecimal, score, share } from "../text/format.ts";
import { engineText, measuredLines } from "../text/measured.ts";
import { ownValue } from "../text/own-value.ts";
import { meanComponentBits } from "../text/widths.ts";
import { newestEvaluation } from "./newest-evaluation.ts";

/** A named value for people. */
export interface Fact {
  readonly name: string;
  readonly value: string;
  /** What to compare it with. */
  readonly note?: string;
}

/** `mrpc, blora, seed 1` */
export function runTitle({ config, summary }: RunFiles): string {
  const { task, method } = config as { readonly [key: string]: JsonObject };
  const plugin = textOf(method?.$plugin ?? "custom").replace("method/", "");
  return `${summary?.task ?? textOf(task?.name)}, ${plugin}, seed ${seedText({ config })}`;
}

/** The seed of a run, as its configuration has it. */
export function seedText({ config }: Pick<RunFiles, "config">): string {
  return textOf((config as { readonly [key: string]: JsonObject }).arguments?.seed);
}

/** Also of what a damaged file has there: an object may have a `toString` that is none. */
function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "unknown");
}

/** What a run comes down to. */
export function keyFacts(run: RunFiles): Fact[] {
  const { summary } = run;
  if (summary === undefined) return factsSoFar(run);
  const { metric, baseline, ranks, bits, bops, rows } = summary;
  const majority = ownValue(baseline, metric.name);
  const widths = meanByKey(Object.values(bits));
  const rankValues = Object.values(ranks);
  return [
    {
      name: metric.name.replaceAll("_", " "),
      value: score(metric.value),
      ...(majority !== undefined && { note: `majority ${score(majority)}` }),
    },
    ...(rankValues.length === 0
      ? []
      : [
          { name: "mean rank", value: oneDecimal(meanOf(rankValues)), note: `${count(rankValues.length)} sites` },
          { name: "bit operations", value: share(bops.ratio), note: `of LoRA in 32 bit, scope ${bops.scope}` },
          { name: "mean bits", value: oneDecimal(meanComponentBits(Object.values(bits))), note: bitWidths(widths) },
        ]),
    ...measuredLines(summary).map(([name, value]) => ({
      name: `seconds per ${name}`,
      value,
      note: engineText(summary.engine),
    })),
    { name: "tokens/s", value: count(summary.tokensPerSecond), note: `${share(summary.paddingShare)} padding` },
    {
      name: "time",
      value: duration(summary.seconds),
      note: `${count(summary.steps)} steps of ${count(rows.train)} rows`,
    },
    ...(summary.peakRssBytes === undefined ? [] : [{ name: "peak memory", value: mebibytes(summary.peakRssBytes) }]),
  ];
}

function factsSoFar({ steps, evaluations }: RunFiles): Fact[] {
  const [last, evaluation] = [steps.at(-1), newestEvaluation(evaluations)];
  const [[metric, value] = []] = Object.entries(evaluation?.scores ?? {});
  return [
    { name: "unfinished", value: `step ${last?.step ?? 0}`, ...(last?.phase !== undefined && { note: last.phase }) },
    ...(last === undefined ? [] : [{ name: "loss", value: score(last.loss) }]),
    ...(metric === undefined
      ? []
      : [{ name: metric.replaceAll("_", " "), value: score(value), note: `after step ${evaluation!.step}` }]),
    ...(evaluation === undefined || evaluation.costRatio === 0
      ? []
      : [
          { name: "bit operations", value: share(evaluation.costRatio), note: "of LoRA in 32 bit" },
          { name: "mean rank", value: oneDecimal(evaluation.meanRank) },
        ]),
  ];
}

/** Everything a run was started with, by dotted name: the environment first, then data, method and arguments. */
export function environmentFacts({ config }: RunFiles): Fact[] {
  const { machine, versions, engine, data, model, modelConfig: _, formatVersion: __, ...rest } = config;
  return flatten({ machine, versions, engine, model, data, ...rest } as JsonObject);
}

function flatten(value: Json, path = ""): Fact[] {
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([key, item]) => flatten(item as Json, path === "" ? key : `${path}.${key}`));
  }
  return value === undefined ? [] : [{ name: path, value: String(value) }];
}
