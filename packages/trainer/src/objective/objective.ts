import type { AdaptedNetwork, NetworkInputs } from "@blora/network";
import type { Batch, Feed } from "@blora/spec";
import type { Tensor, TensorRecord, TensorSpec } from "@blora/tensor";
import type { TrainingRow } from "../data/packing.ts";
import type { BatchShape } from "../steps/step-shape.ts";

/** What a batch gives. */
export interface BatchResult {
  /** [N] */
  readonly losses: Tensor;
  /** [N, C], where losses are of answers: those of rows or of their targets. */
  readonly logits?: Tensor;
}

/**
 * How rows become losses: one a row for labels, one a target token for
 * language models. The loss of an update is the mean of all its losses,
 * however they fall into batches.
 */
export interface Objective {
  /** Losses a row has. */
  lossesOf(row: TrainingRow): number;
  /** N for the rows of one batch; larger where fewer sizes mean fewer graphs. */
  size(rows: readonly TrainingRow[], batchSize: number, length: number): number;
  /** Inputs of a step beside the tokens and the weights of its losses. */
  inputs(shape: BatchShape): Record<string, TensorSpec>;
  /** Values of `inputs`, in which the losses of the rows come first and in order. */
  feeds(rows: readonly TrainingRow[], shape: BatchShape): Record<string, Feed>;
  compute(network: AdaptedNetwork, inputs: NetworkInputs, batch: Batch, input: TensorRecord): BatchResult;
}
