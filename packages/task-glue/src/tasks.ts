import type { LabelHead } from "@blora/spec";

/** How the metrics of a task are called in reports, as Hugging Face's `evaluate` names them. */
export type MetricName = "accuracy" | "f1" | "matthews_correlation" | "pearson" | "spearmanr";

/**
 * One GLUE task as data. Column names are listed in the order they are looked
 * for: the Hub's first, then those of the official TSV header.
 */
export interface GlueTask {
  /** Folder names under a GLUE root: official layout, then the Hub's. */
  readonly folders: readonly string[];
  readonly first: readonly string[];
  readonly second?: readonly string[];
  readonly label: readonly string[];
  readonly head: LabelHead;
  /** In reporting order. */
  readonly metrics: readonly MetricName[];
  /** Decides which checkpoint is best. `combined_score` is the mean of `metrics`. */
  readonly primaryMetric: MetricName | "combined_score";
  readonly evaluation: readonly string[];
  /** Rows of the official splits. */
  readonly rows: Readonly<Record<string, number>>;
  /** Columns of train and dev TSV files that have no header line. */
  readonly headerless?: readonly string[];
  /** The official files hold cut lines that every GLUE reader leaves out. */
  readonly skipsShortRows?: boolean;
  /** Name of the task's submission file. */
  readonly submission: string;
}

export type GlueTaskName = "cola" | "sst2" | "mrpc" | "qqp" | "stsb" | "mnli" | "qnli" | "rte" | "wnli" | "ax";

const classes = (...labels: string[]): LabelHead => ({ kind: "classification", labels });

/** Every task reads the same folders and files through this table; nothing else knows a task by name. */
export const glueTasks: Readonly<Record<GlueTaskName, GlueTask>> = {
  cola: {
    folders: ["CoLA", "cola"],
    first: ["sentence"],
    label: ["label"],
    head: classes("unacceptable", "acceptable"),
    metrics: ["matthews_correlation"],
    primaryMetric: "matthews_correlation",
    evaluation: ["validation"],
    rows: { train: 8551, validation: 1043, test: 1063 },
    headerless: ["source", "label", "mark", "sentence"],
    submission: "CoLA.tsv",
  },
  sst2: {
    folders: ["SST-2", "sst2"],
    first: ["sentence"],
    label: ["label"],
    head: classes("negative", "positive"),
    metrics: ["accuracy"],
    primaryMetric: "accuracy",
    evaluation: ["validation"],
    rows: { train: 67349, validation: 872, test: 1821 },
    submission: "SST-2.tsv",
  },
  mrpc: {
    folders: ["MRPC", "mrpc"],
    first: ["sentence1", "#1 String"],
    second: ["sentence2", "#2 String"],
    label: ["label", "Quality"],
    head: classes("not_equivalent", "equivalent"),
    metrics: ["accuracy", "f1"],
    primaryMetric: "accuracy",
    evaluation: ["validation"],
    rows: { train: 3668, validation: 408, test: 1725 },
    submission: "MRPC.tsv",
  },
  qqp: {
    folders: ["QQP", "qqp"],
    first: ["question1"],
    second: ["question2"],
    label: ["label", "is_duplicate"],
    head: classes("not_duplicate", "duplicate"),
    metrics: ["accuracy", "f1"],
    primaryMetric: "accuracy",
    evaluation: ["validation"],
    rows: { train: 363846, validation: 40430, test: 390965 },
    skipsShortRows: true,
    submission: "QQP.tsv",
  },
  stsb: {
    folders: ["STS-B", "stsb"],
    first: ["sentence1"],
    second: ["sentence2"],
    label: ["label", "score"],
    head: { kind: "regression" },
    metrics: ["pearson", "spearmanr"],
    primaryMetric: "combined_score",
    evaluation: ["validation"],
    rows: { train: 5749, validation: 1500, test: 1379 },
    submission: "STS-B.tsv",
  },
  mnli: {
    folders: ["MNLI", "mnli"],
    first: ["premise", "sentence1"],
    second: ["hypothesis", "sentence2"],
    label: ["gold_label", "label"],
    head: classes("entailment", "neutral", "contradiction"),
    metrics: ["accuracy"],
    primaryMetric: "accuracy",
    evaluation: ["validation_matched", "validation_mismatched"],
    rows: {
      train: 392702,
      validation_matched: 9815,
      validation_mismatched: 9832,
      test_matched: 9796,
      test_mismatched: 9847,
    },
    submission: "MNLI-m.tsv",
  },
  qnli: {
    folders: ["QNLI", "qnli"],
    first: ["question"],
    second: ["sentence"],
    label: ["label"],
    head: classes("entailment", "not_entailment"),
    metrics: ["accuracy"],
    primaryMetric: "accuracy",
    evaluation: ["validation"],
    rows: { train: 104743, validation: 5463, test: 5463 },
    submission: "QNLI.tsv",
  },
  rte: {
    folders: ["RTE", "rte"],
    first: ["sentence1"],
    second: ["sentence2"],
    label: ["label"],
    head: classes("entailment", "not_entailment"),
    metrics: ["accuracy"],
    primaryMetric: "accuracy",
    evaluation: ["validation"],
    rows: { train: 2490, validation: 277, test: 3000 },
    submission: "RTE.tsv",
  },
  wnli: {
    folders: ["WNLI", "wnli"],
    first: ["sentence1"],
    second: ["sentence2"],
    label: ["label"],
    head: classes("not_entailment", "entailment"),
    metrics: ["accuracy"],
    primaryMetric: "accuracy",
    evaluation: ["validation"],
    rows: { train: 635, validation: 71, test: 146 },
    submission: "WNLI.tsv",
  },
  ax: {
    folders: ["AX", "diagnostic", "ax"],
    first: ["premise", "sentence1"],
    second: ["hypothesis", "sentence2"],
    label: ["label"],
    head: classes("entailment", "neutral", "contradiction"),
    metrics: ["matthews_correlation"],
    primaryMetric: "matthews_correlation",
    evaluation: ["test"],
    rows: { test: 1104 },
    submission: "AX.tsv",
  },
};

export const glueTaskNames: readonly GlueTaskName[] = Object.keys(glueTasks) as GlueTaskName[];
