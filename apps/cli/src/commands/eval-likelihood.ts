import type { LikelihoodSummary } from "@blora/likelihood";
import type { GroupScore, LikelihoodScores } from "@blora/spec";
import Table from "cli-table3";
import { scoresLine } from "../output/scores-line.ts";
import type { Assignment } from "../run/request.ts";

/** Flags of benchmarks that are scored by likelihood. */
export interface BenchmarkFlags {
  readonly shots?: number;
  readonly protocol?: string;
  readonly subjects?: string;
  readonly limit?: number;
  readonly addBos?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

/** The flags as options of the task. */
export function benchmarkAssignments({ shots, protocol, subjects, limit, addBos }: BenchmarkFlags): Assignment[] {
  const assigned = (name: string, flag: string, given: unknown, value = given): Assignment[] =>
    given === undefined ? [] : [{ flag: given === true ? flag : `${flag} ${given}`, path: [name], value }];
  return [
    ...assigned("shots", "--shots", shots),
    ...assigned("protocol", "--protocol", protocol),
    ...assigned("subjects", "--subjects", subjects, subjects?.split(",")),
    ...assigned("limit", "--limit", limit),
    ...(addBos === undefined ? [] : [{ flag: addBos ? "--add-bos" : "--no-add-bos", path: ["addBos"], value: addBos }]),
  ];
}

/** What was asked, the averages, and the coarsest table. */
export function describeLikelihood(summary: LikelihoodSummary, folder: string | undefined): string {
  const { task, protocol, promptsSha256, questions, results, overlong, answers, form, engine } = summary;
  const asked = `${task}  ${protocol.name} ${protocol.version}, ${protocol.shots} shots, ${questions} questions, prompts ${promptsSha256.slice(0, 12)}${form === null ? "" : `, the adapter in its ${form} form`}${engine.precision === undefined ? "" : `, in ${engine.precision}`}`;
  if (results === undefined) {
    const next = folder === undefined ? "" : `; the same command goes on from there (${folder})`;
    return `${asked}\n${answers.length} of ${questions} questions answered${next}`;
  }
  const tooLong = `${overlong.fewerShots} questions with fewer shots and ${overlong.cut} cut on the left, longer than ${overlong.maxTokens} tokens`;
  return [asked, scoresLine(results.scores), groupTable(results), tooLong].join("\n");
}

function groupTable({ groups }: LikelihoodScores): string {
  const [kind, rows] = Object.entries(groups)[0] ?? ["", {}];
  const table = new Table({ head: [kind, "questions", "accuracy", "±"], style: { head: [], border: [] } });
  for (const [name, group] of Object.entries(rows)) table.push(groupRow(name, group));
  return table.toString();
}

function groupRow(name: string, { questions, accuracy, standardError }: GroupScore): string[] {
  return [name, String(questions), accuracy.toFixed(4), standardError?.toFixed(4) ?? "-"];
}
