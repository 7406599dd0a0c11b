export { accuracyFront, type FrontPoint, frontPoints } from "./front.ts";
export type { Failure, OverallRow, ResultRow, Results, SeedResult } from "./results.ts";
export { gatherResults } from "./results.ts";
export { resultsMarkdown } from "./results-markdown.ts";
export type { Spread } from "./spread.ts";
export type { SweepOutcome, SweepRecord } from "./sweep-record.ts";
