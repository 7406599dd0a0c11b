import type { AdapterSizes, CostSummary, LedgerRow } from "@blora/adapters";
import type { EngineDescription, Scores, ScoresByType, SiteSummary } from "@blora/spec";
import type { AnswerCounts } from "./answers.ts";

/** Loss and scores of one split. */
interface SplitRecord {
  readonly loss: number;
  readonly scores: Scores;
  /** Scores of each type of answer, such as of entity, where the task tells types. */
  readonly types?: ScoresByType;
}

/** Loss and scores of every evaluated split after some step. */
export interface EvaluationRecord {
  /** Updates made. */
  readonly step: number;
  readonly splits: Readonly<Record<string, SplitRecord>>;
  /** What deserves a second look, in words. */
  readonly warnings: readonly string[];
  /** How the deciding split was answered; kept while a run goes on, and then in a file of its own. */
  readonly answers?: AnswerCounts;
}

/** What `ledger.json` holds: every product, and those of plain LoRA in 32 bit at the starting rank. */
export interface CostLedger {
  readonly scope: string;
  readonly unit: string;
  readonly rows: readonly LedgerRow[];
  readonly baseline: readonly LedgerRow[];
}

/** What `summary.json` holds. */
export interface RunSummary {
  readonly task: string;
  /** The deciding evaluation split. */
  readonly split: string;
  readonly rows: { readonly train: number; readonly eval: number };
  /** Primary metric of the weights in `adapter/`; null before the first evaluation. */
  readonly metric: { readonly name: string; readonly value: number | null };
  readonly metrics: {
    /** Best evaluation of the method's last phase: earlier ones still have open gates. */
    readonly best: EvaluationRecord | null;
    readonly last: EvaluationRecord | null;
  };
  /** Which of both `adapter/` holds. */
  readonly selected: "best" | "last";
  readonly method: unknown;
  /** Scores of always answering the most frequent label of the deciding split; none for a language model. */
  readonly baseline: Scores;
  readonly ranks: Readonly<Record<string, number>>;
  /** Widths of each site, by path: one for each operand, or one for each component of it. */
  readonly bits: Readonly<Record<string, SiteSummary["bits"]>>;
  readonly bops: CostSummary;
  /** Bytes of `adapter/` in every form; absent where the base itself was trained. */
  readonly adapterSizes?: AdapterSizes;
  readonly engine: EngineDescription;
  /** Updates made. */
  readonly steps: number;
  /** Seconds of training steps, over all processes of a resumed run. */
  readonly seconds: number;
  /** Rows that evaluations answered, and the seconds that took without compiling. Absent where nothing was evaluated. */
  readonly evaluated?: { readonly rows: number; readonly seconds: number };
  /** Tokens a language model was trained to predict, over all epochs. */
  readonly targetTokens?: number;
  /** Without padding. */
  readonly tokensPerSecond: number;
  /** With padding. */
  readonly paddedTokensPerSecond: number;
  /** Share of computed tokens that was padding. */
  readonly paddingShare: number;
  /** Share of training texts that were cut. */
  readonly truncatedShare: number;
  /** Most memory of the process; absent where nothing tells, as in a page. */
  readonly peakRssBytes?: number;
  readonly seed: number;
  /** Plain sentences about results that deserve a second look. */
  readonly warnings: readonly string[];
  /** True where training was asked to stop: a later run continues it. */
  readonly interrupted: boolean;
}
