import type { Tensor, TensorRecord } from "@blora/tensor";
import type { LinearSite } from "./architecture.ts";
import type { Context } from "./context.ts";
import type { CostModel, SiteUsage } from "./cost-model.ts";
import type { JsonObject } from "./json.ts";
import type { Parameter, ParameterRecord } from "./parameter.ts";
import type { EncodedValues } from "./quantizer.ts";

/**
 * The adapter of one site between steps. The layout is everything the graph
 * depends on besides parameter values (rank, phase, fixed bit widths): a new
 * layout means a new trace.
 */
export interface Adapter {
  readonly layout: JsonObject;
  readonly parameters: ParameterRecord;
}

/** The adapter of one site inside a step. */
export interface TracedAdapter {
  readonly site: LinearSite;
  readonly layout: JsonObject;
  readonly parameters: TensorRecord;
}

/** The frozen linear map under an adapter. */
export interface BaseLinear {
  /** [O, I] */
  readonly weight: Tensor;
  /**
   * x·Wᵀ + b for x [M, I]. `weight` may replace W by a quantized copy, or by one
   * of another width with an x to match, and is then trained through.
   */
  apply(x: Tensor, weight?: Tensor): Tensor;
  /**
   * x·(W + B·A)ᵀ + b with A [R, I] and B [O, R], any scale folded into B: the
   * fast path of a low-rank update whose input and inner activations are used
   * as they are (`lowRankLinear`). W itself gets no gradient.
   */
  applyLowRank(x: Tensor, A: Tensor, B: Tensor): Tensor;
}

/** A factor of an update as whole numbers with a scale for each of R components: a row of A, a column of B. */
export interface CodedMatrix extends Omit<EncodedValues, "scale"> {
  /** [R], float32 */
  readonly scales: Float32Array;
}

/** The update of `export` with factors that evaluation rounds as their codes; those it does not round are absent. */
export interface CodedUpdate {
  readonly rank: number;
  /** [R, I] */
  readonly A?: CodedMatrix;
  /** [O, R], everything between and before the factors in its scales */
  readonly B?: CodedMatrix;
}

/** Where a run stands. Steps count optimizer updates from 0. */
export interface Progress {
  readonly step: number;
  readonly totalSteps: number;
  readonly seed: number;
}

/**
 * The adapters of a run, as a method may change them between steps. The trainer
 * keeps optimizer moments in line with every change.
 */
export interface AdapterStore {
  readonly sites: readonly LinearSite[];
  /** Prices the matrix products of the run, as its summary does. */
  readonly cost: CostModel;
  /** The adapter as it is now. Its values are live: writing to them changes the parameter and keeps its moments. */
  get(path: string): Adapter;
  /** The frozen weight W0 [O, I] of a site, row-major. Reads from disk: call rarely. */
  baseWeight(path: string): Float32Array;
  /** Keeps entries `indices` of one axis of a parameter, in that order: permutes, or removes for good. */
  select(path: string, parameter: string, axis: number, indices: readonly number[]): void;
  /**
   * Runs one training batch in evaluation mode and returns what
   * `Method.observe` records at each site, by site path and name.
   */
  observe(): Promise<ReadonlyMap<string, Readonly<Record<string, number>>>>;
  /** Replaces the layout and adds, replaces or (undefined) drops parameters. Replaced parameters start with fresh moments. */
  update(path: string, change: AdapterChange): void;
}

export interface AdapterChange {
  readonly layout?: JsonObject;
  readonly parameters?: Readonly<Record<string, Parameter | undefined>>;
}

/** The trained change of a site as plain LoRA: ΔW = B·A, any scale folded into B. */
export interface LowRankUpdate {
  readonly rank: number;
  /** [R, I] */
  readonly A: Float32Array;
  /** [O, R] */
  readonly B: Float32Array;
}

/** Plain LoRA as files hold it: ΔW = scale · B·A. */
export interface ScaledUpdate extends LowRankUpdate {
  readonly scale: number;
}

/** How a finished site is described in reports. */
export interface SiteSummary {
  readonly rank: number;
  /** Bit width by matrix, such as { A: 4, E: 8, B: 4 }. */
  readonly bits: Readonly<Record<string, number>>;
}

/** P(open) of a site's gates, by what they open (`rank`, or an operand such as `A`), then by gate (component or width). */
export type GateProbabilities = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** A parameter-efficient fine-tuning method. */
export interface Method {
  /** Fresh adapter of a site. Step 0 must compute exactly the base model. `seed` addresses its noise. */
  init(site: LinearSite, seed: number): Adapter;
  /**
   * The adapters of one pass, in the given order, as `apply` gets them: what
   * all sites draw can be drawn at once here, in fewer graph nodes than site by
   * site. `apply` draws for itself where this was not called.
   */
  prepare?(adapters: readonly TracedAdapter[], context: Context): readonly TracedAdapter[];
  /** Output of the adapted site for x [M, I]. */
  apply(adapter: TracedAdapter, x: Tensor, base: BaseLinear, context: Context): Tensor;
  /** Named scalars of the activations at a site, such as their largest magnitude, for `AdapterStore.observe`. */
  observe?(adapter: TracedAdapter, x: Tensor, base: BaseLinear, context: Context): TensorRecord;
  /** What is added to the task loss, a scalar; undefined where this layout adds nothing. */
  penalty?(adapters: readonly TracedAdapter[], cost: CostModel): Tensor | undefined;
  /** Moves the run to its next phase or rank where it is due. Called before every step. */
  beforeStep?(adapters: AdapterStore, progress: Progress): void | Promise<void>;
  /** Sees the gradients of a finished step, by `path/parameter`. */
  afterStep?(adapters: AdapterStore, progress: Progress, gradients: ReadonlyMap<string, Float32Array>): void;
  /** Name of the phase a step belongs to, for logs. */
  phase?(progress: Progress): string;
  /** Matrix products evaluation performs at this site, with hard gates. */
  usage(site: LinearSite, adapter: Adapter): SiteUsage;
  /** The products of the same site under plain LoRA in 32 bit at the starting rank: the baseline of every ratio. */
  baselineUsage(site: LinearSite): SiteUsage;
  summary(site: LinearSite, adapter: Adapter): SiteSummary;
  /** The gates a site has now, for logs and reports; empty where it has none. Called on the host between steps. */
  gateProbabilities?(adapter: Adapter): GateProbabilities;
  /** The trained update, or undefined where the site ended with rank 0. */
  export(site: LinearSite, adapter: Adapter): LowRankUpdate | undefined;
  /** What a user should know of adapters as they are, in sentences, such as a budget out of reach. Asked before the first and after the last step. */
  warnings?(sites: readonly LinearSite[], adapters: ReadonlyMap<string, Adapter>, cost: CostModel): readonly string[];
  /**
   * Whether every tensor of the checkpoint is trained in place, as in full
   * fine-tuning. Sites are then plain linear maps, and `apply` is not called.
   */
  readonly trainsBase?: boolean;
  /** An adapter of this method that computes a plain LoRA update, to train on: the way back from `export`. */
  import?(site: LinearSite, update: ScaledUpdate): Adapter;
  /** Parameters that evaluation rounds, by name, as the codes of their rounded values. The others are kept as float32. */
  encode?(adapter: Adapter): Readonly<Record<string, EncodedValues>>;
  /** The update of `export` as codes, to first order in float32 rounding; undefined where `export` is. */
  exportCodes?(site: LinearSite, adapter: Adapter): CodedUpdate | undefined;
  /** The frozen weight [O, I] as evaluation rounds it. Present where `scope` quantizes it. */
  roundBase?(adapter: Adapter, weight: Float32Array): Float32Array;
  /** Which operands are quantized beyond the adapter itself, where any. */
  readonly scope?: string;
}
