/**
 * Prints what whole numbers of 8 bits do to training as Markdown: int8 minus float32, paired by method, task and seed.
 *
 *   npx tsx benchmarks/precision/table.ts > benchmarks/results/precision.md
 */
import { readRecords } from "@blora/runs";
import { precisionMarkdown } from "./precision-markdown.ts";

const records = await readRecords("benchmarks/results/precision");
console.log(precisionMarkdown([...records.values()]));
