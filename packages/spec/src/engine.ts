import type { Shape, Tensor, TensorSpec } from "@blora/tensor";
import type { Context } from "./context.ts";

/** Raw little-endian values at a place in a file. */
export interface FileSlice {
  /** Where the file lies, or what to call one that is not on the disk. */
  readonly path: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Bytes */
  readonly length: number;
  /** Reads bytes of a file that is not on the disk, such as one dropped on a page. One function for each file. */
  readonly read?: ((offset: number, length: number) => Promise<Uint8Array>) | undefined;
}

/** Types a frozen tensor is stored as. `f16` and `bf16` are computed with as float32. */
export type StorageType = "f32" | "f16" | "bf16";

/**
 * A tensor no step changes: stored in a file or as little-endian bytes in memory, or given as values. Engines read it
 * where it lies and never copy it to the JavaScript heap unless they must.
 */
export type FrozenTensor =
  | { readonly shape: Shape; readonly storage: StorageType; readonly source: FileSlice | Uint8Array }
  | { readonly shape: Shape; readonly storage: "f32"; readonly source: Float32Array };

/** Values of one input, fed anew on every run. */
export type Feed = Float32Array | Int32Array;

/** The tensors a step computes from. */
export interface StepInputs {
  readonly input: Readonly<Record<string, Tensor>>;
  readonly trainable: Readonly<Record<string, Tensor>>;
  frozen(name: string): Tensor;
  readonly context: Context;
}

export interface StepOutputs {
  /** Scalar; required where there are trainable tensors. */
  readonly loss?: Tensor;
  readonly outputs?: Readonly<Record<string, Tensor>>;
}

/** A forward pass, and its gradient where `trainable` is not empty. */
export interface StepDefinition {
  /** Shown in logs and errors. */
  readonly name: string;
  readonly mode: "train" | "eval";
  readonly inputs: Readonly<Record<string, TensorSpec>>;
  /** Shapes of the float32 tensors the loss is differentiated by. */
  readonly trainable: Readonly<Record<string, Shape>>;
  readonly frozen: ReadonlyMap<string, FrozenTensor>;
  /**
   * Names of inputs that seldom change from one run to the next, such as the parameters of an adapter. An array that is fed
   * again holds the values it held, so that what follows from these inputs and from frozen tensors alone may be kept.
   */
  readonly steady?: ReadonlySet<string> | undefined;
  /** Whether activations inside of layers may be computed again for the gradient, for less memory: the same values, to the last bit. */
  readonly gradientCheckpointing?: boolean | undefined;
  /** Pure: the same tensors out for the same tensors in. May be called once, or once per run. */
  compute(tensors: StepInputs): StepOutputs;
}

/** Which noise a run draws. */
export interface NoiseKey {
  readonly seed: number;
  readonly step: number;
}

export interface StepResult {
  readonly loss: number | undefined;
  /** By output name. */
  readonly outputs: Readonly<Record<string, Float32Array>>;
  /** By trainable name. Valid until the next run of the step. */
  readonly gradients: Readonly<Record<string, Float32Array>>;
}

export interface CompiledStep {
  /** Multiply-accumulates of the matrix products of one run, gradient included. Undefined where the engine cannot count. */
  readonly macs: number | undefined;
  run(
    feeds: Readonly<Record<string, Feed>>,
    trainable: Readonly<Record<string, Float32Array>>,
    noise: NoiseKey,
  ): Promise<StepResult>;
  release(): Promise<void>;
}

/** How products with frozen matrices are computed: in floating point, or in whole numbers of 8 bits. */
export const PRECISIONS = ["float32", "int8"] as const;

export type Precision = (typeof PRECISIONS)[number];

export interface EngineDescription {
  readonly id: string;
  /** What computes: `cpu`, `wasm`, `tensorflow`, … */
  readonly provider: string;
  readonly threads: number;
  readonly version: string;
  /** Absent: `float32`. */
  readonly precision?: Precision;
  /** What was asked for and is done otherwise, as part of a sentence. */
  readonly note?: string;
}

/** What a step will cost, found without its weights. */
export interface StepPlan {
  /** Multiply-accumulates of the matrix products of one run, gradient included. */
  readonly macs: number;
  /** Operations one run dispatches: what a step takes beside its arithmetic. */
  readonly nodes: number;
  /** Most bytes that a run holds at a time, inputs and outputs included, beside frozen tensors in their files. */
  readonly peakBytes: number;
}

/** Runs steps. */
export interface Engine {
  describe(): Promise<EngineDescription>;
  /** Where the engine can tell before it runs. Files of frozen tensors need not exist. */
  plan?(step: StepDefinition): StepPlan;
  compile(step: StepDefinition): Promise<CompiledStep>;
  /** Frees everything shared between steps. */
  release(): Promise<void>;
}
