/** What a page of a browser shows of runs: their parts before they are drawn, and the drawing; nothing of Node. */
export { widthOfSvg } from "./charts/fitted.ts";
export { loadCharts } from "./charts/render.ts";
export { compareSections } from "./run/compare.ts";
export { type Fact, keyFacts, runTitle } from "./run/facts.ts";
export { figureSvg } from "./run/figure-svg.ts";
export type { Figure, Section, Table } from "./run/section.ts";
export { runSections } from "./run/sections.ts";
export { frontSpec } from "./sweep/front.ts";
export type { Results } from "./sweep/results.ts";
export { resultsNote, resultsTables } from "./sweep/results-tables.ts";
export { duration } from "./text/format.ts";
