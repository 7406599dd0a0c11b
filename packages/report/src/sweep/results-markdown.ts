import { markdownTable } from "@blora/spec";
import type { Results } from "./results.ts";
import { resultsNote, resultsTables } from "./results-tables.ts";

/** A sweep as a Markdown page: a line for each recipe and task, the mean over tasks, a line for each seed. */
export function resultsMarkdown(results: Results, title: string): string {
  const { failures, machines } = results;
  const blocks = [
    `# ${title}`,
    resultsNote(results),
    ...(machines.length === 0 ? [] : [machines.map((machine) => `- ${describeMachine(machine)}`).join("\n")]),
    ...resultsTables(results).flatMap(({ caption, columns, rows }) => [`## ${caption}`, markdownTable(columns, rows)]),
    ...(failures.length === 0 ? [] : ["## Failed", failureList(results)]),
  ];
  return `${blocks.join("\n\n")}\n`;
}

function describeMachine(machine: Results["machines"][number]): string {
  return Object.entries(machine)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
}

function failureList({ failures }: Results): string {
  return failures
    .map(({ recipe, task, seed, error }) => `- ${task}, ${recipe}, seed ${seed}: ${error.split("\n")[0]}`)
    .join("\n");
}
