/** A metric value by name, in the order a report shows them. */
export type Scores = Readonly<Record<string, number>>;

/** Metrics of each type of answer. */
export type ScoresByType = Readonly<Record<string, Scores>>;
