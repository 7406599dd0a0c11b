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
   * of another width with an x to match, and is then trained through. `update`
   * adds h·Bᵀ in the same pass (`linearWithUpdate`), h [M, R] and B [O, R].
   */
  apply(x: Tensor, weight?: Tensor, update?: { readonly h: Tensor; readonly B: Tensor }): Tensor;
  /**
   * x·(W + B·A)ᵀ + b with A [R, I] and B [O, R], any scale folded into B: the
   * fast path of a low-rank update whose input and inner activations are used
   * as they are (`lowRankLinear`). W itself gets no gradient.
   */
  applyLowRank(x: Tensor, A: Tensor, B: Tensor): Tensor;
}

/** The update of `export` with factors that evaluation rounds as their codes; those it does not round are absent. */
export interface CodedUpdate {
  /** R */
  readonly rank: number;
  /** R vectors of I codes: the rows of A */
  readonly A?: EncodedValues;
  /** R vectors of O codes: the columns of B, everything between and before the factors in its scales */
  readonly B?: EncodedValues;
}

/** A rounded parameter of an adapter as codes. */
export interface EncodedParameter extends EncodedValues {
  /** Which entries of the parameter one vector of codes holds: a row, a column, or all. */
  readonly vector: "row" | "column" | "all";
}

/** An adapter as evaluation computes it, in few bits. */
export interface EncodedAdapter {
  /** Layout of an adapter whose parameters are rounded already: decoded, it computes the same to the last bit. */
  readonly layout: JsonObject;
  /** Parameters with codes, by name. Decoded, each has its scales beside it: the frozen parameter `<name>.scales`, [N]. */
  readonly codes: Readonly<Record<string, EncodedParameter>>;
  /** Parameters that stay float32, by name. */
  readonly parameters: ParameterRecord;
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
   * Replaces the entries along one axis by linear combinations of them:
   * `values` is the parameter afterwards, and a gradient by it is `gradients` [R, R]
   * times one by the old entries. Averaged gradients are kept in line.
   */
  recombine(path: string, parameter: string, axis: number, values: Float32Array, gradients: Matrix): void;
  /** The optimizer's average of squared gradients of a parameter, corrected for its start: a diagonal Fisher information. */
  squaredGradients(path: string, parameter: string): Float32Array;
  /**
   * Runs one training batch in evaluation mode and returns what
   * `MethodTraining.observe` records of each site's activations, by site path
   * and name, over all calls of the site.
   */
  observe(): Promise<ReadonlyMap<string, Readonly<Record<string, ActivationStatistics>>>>;
  /** Replaces the layout and adds, replaces or (undefined) drops parameters. Replaced parameters start with fresh moments. */
  update(path: string, change: AdapterChange): void;
}

/** Rows of numbers. */
export type Matrix = readonly (readonly number[])[];

/** What a range is set from; of several calls of a site the smallest, the largest, and the mean over all entries. */
export interface ActivationStatistics<N = number> {
  readonly min: N;
  readonly max: N;
  readonly meanSquare: N;
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
  /** Bit width by operand, such as { W0: 8 }; of each component where these differ, such as { A: [8, 4, 2] }. */
  readonly bits: Readonly<Record<string, number | readonly number[]>>;
}

/** P(open) of a site's gates, by what they decide on (such as `component 1`), then by what they open (such as a width). */
export type GateProbabilities = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** How a group of parameters is updated: AdamW at a constant rate, without decay. */
export interface GroupOptimizer {
  readonly learningRate: number;
}

/** What a method does in training besides computing its update. */
export interface MethodTraining {
  /** What is added to the task loss, a scalar; undefined where this layout adds nothing. Takes adapters as they are before `prepare`. */
  penalty?(adapters: readonly TracedAdapter[], cost: CostModel): Tensor | undefined;
  /** Moves the run to its next phase or rank where it is due. Called before every step. */
  beforeStep?(adapters: AdapterStore, progress: Progress): void | Promise<void>;
  /** Called after every update. Sees the gradients of the step, by `path/parameter`. */
  afterStep?(adapters: AdapterStore, progress: Progress, gradients: ReadonlyMap<string, Float32Array>): void;
  /** Name of the phase a step belongs to, for logs. */
  phase?(progress: Progress): string;
  /** Statistics of the activations at a site, scalars by name, for `AdapterStore.observe`. */
  observe?(adapter: TracedAdapter, x: Tensor): Readonly<Record<string, ActivationStatistics<Tensor>>>;
  /** The gates a site has now, for logs and reports; empty where it has none. Called on the host between steps. */
  gateProbabilities?(adapter: Adapter): GateProbabilities;
  /** How parameters of groups of the method's own are updated; needed for each group its adapters have. */
  readonly optimizer?: Readonly<Partial<Record<"gates" | "ranges", GroupOptimizer>>>;
  /** What a user should know of adapters as they are, in sentences, such as a budget out of reach. Asked before the first and after the last step. */
  warnings?(
    sites: readonly LinearSite[],
    adapters: ReadonlyMap<string, Adapter>,
    cost: CostModel,
    progress: Progress,
  ): readonly string[];
}

/** What a method knows of files besides `export`. */
export interface MethodArtifacts {
  /** An adapter of this method that computes a plain LoRA update, to train on: the way back from `export`. */
  import?(site: LinearSite, update: ScaledUpdate): Adapter;
  /** The adapter in few bits; undefined where evaluation rounds nothing. */
  encode?(adapter: Adapter): EncodedAdapter | undefined;
  /** The update of `export` as codes, to first order in float32 rounding; undefined where `export` is. */
  exportCodes?(site: LinearSite, adapter: Adapter): CodedUpdate | undefined;
  /** The frozen weight [O, I] as evaluation rounds it. Present where `scope` quantizes it. */
  roundBase?(adapter: Adapter, weight: Float32Array): Float32Array;
}

/** A parameter-efficient fine-tuning method. */
export interface Method {
  /** Fresh adapter of a site. Step 0 must compute exactly the base model. `seed` addresses its noise. */
  init(site: LinearSite, seed: number): Adapter;
  /** The adapters of one pass, in the given order, as `apply` gets them: what all sites need is computed at once here. */
  prepare?(adapters: readonly TracedAdapter[], context: Context): readonly TracedAdapter[];
  /** Output of the adapted site for x [M, I]. */
  apply(adapter: TracedAdapter, x: Tensor, base: BaseLinear, context: Context): Tensor;
  /** Matrix products evaluation performs at this site, with hard gates. */
  usage(site: LinearSite, adapter: Adapter): SiteUsage;
  /** The products of the same site under plain LoRA in 32 bit at the starting rank: the baseline of every ratio. */
  baselineUsage(site: LinearSite): SiteUsage;
  summary(site: LinearSite, adapter: Adapter): SiteSummary;
  /** The trained update, or undefined where the site ended with rank 0. */
  export(site: LinearSite, adapter: Adapter): LowRankUpdate | undefined;
  readonly training?: MethodTraining;
  readonly artifacts?: MethodArtifacts;
  /**
   * Whether every tensor of the checkpoint is trained in place, as in full
   * fine-tuning. Sites are then plain linear maps, and `apply` is not called.
   */
  readonly trainsBase?: boolean;
  /** Which operands are quantized beyond the adapter itself, where any. */
  readonly scope?: string;
}

/** Whether evaluation rounds more than the adapter, which plain LoRA on the base as it is does not compute. */
export function roundsMore({ scope }: Pick<Method, "scope">): boolean {
  return scope !== undefined && scope !== "adapter";
}
