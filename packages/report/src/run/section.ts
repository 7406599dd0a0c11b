import type { TopLevelSpec } from "vega-lite";

/** A part of a report, before it is written as HTML or Markdown. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly text?: string;
  readonly figures?: readonly Figure[];
  readonly tables?: readonly Table[];
}

export interface Figure {
  readonly id: string;
  /** What it shows, for those who cannot see it. */
  readonly caption: string;
  readonly spec: TopLevelSpec;
}

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly caption?: string;
  /** Whether the first cell of a row names it. */
  readonly hasRowHeaders?: boolean;
  /** Long tables are folded under this line. */
  readonly summary?: string;
}
