/**
 * Prints the front of all finished rows as Markdown: differences are paired by
 * task and seed, ratios of divergences too.
 *
 *   npx tsx benchmarks/front/table.ts > benchmarks/results/front.md
 */
import { parseArgs } from "node:util";
import { frontMarkdown } from "./front-markdown.ts";
import { readRecords } from "./records.ts";
import { FRONT_TASKS } from "./tasks.ts";

const { values } = parseArgs({ options: { out: { type: "string", default: "benchmarks/results/front" } } });
console.log(
  frontMarkdown(
    readRecords(values.out),
    FRONT_TASKS.map(({ id }) => id),
  ),
);
