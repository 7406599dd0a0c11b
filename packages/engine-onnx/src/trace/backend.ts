import type { DType, Shape } from "@blora/tensor";
import { type BackendValues, type DataId, type DataType, KernelBackend, type TensorInfo } from "@tensorflow/tfjs-core";
import { bytesOf, type ElementType, type GraphValue } from "../graph/graph.ts";
import { createGraphBuilder, type GraphBuilder, type NodeOptions } from "../graph/graph-builder.ts";

/** Types of codes of 8 bits. Signed codes are kept with 128 for zero where they are unsigned. */
export type CodeType = "uint8" | "int8";

/** Vectors on even grids: value = (code - zero + offset) · scale. */
export interface Grid {
  /** [N, K] in a type that holds every code. Emits what makes them. */
  codes(type: CodeType): GraphValue;
  /** Code of 0. */
  readonly zero: Readonly<Record<CodeType, number>>;
  /** [] or [N, 1] */
  readonly scales: GraphValue;
  readonly offset: 0 | 0.5;
}

export interface EmitOptions extends NodeOptions {
  /** Names of constants that follow the tensor inputs. */
  readonly constants?: readonly string[];
}

/**
 * A tfjs backend that computes nothing: its kernels append nodes to a graph.
 * Running a step and its gradient under it once yields both as one graph.
 */
export class TracingBackend extends KernelBackend {
  #graph: GraphBuilder = createGraphBuilder();
  #values = new WeakMap<DataId, GraphValue>();
  #constants = new WeakMap<DataId, BackendValues>();
  #made = new Map<string, unknown>();
  /** Of frozen tensors, which products have on the right. */
  #frozenCodes: CodeType = "int8";
  #usesCodeType = false;
  /** By name: what values on grids are made of, and the values that others are in another shape. */
  #grids = new Map<string, Grid>();
  #origins = new Map<string, GraphValue>();

  /** Starts a new graph. Tensors of the previous one become meaningless. */
  begin(frozenCodes: CodeType = "int8"): GraphBuilder {
    this.#frozenCodes = frozenCodes;
    this.#usesCodeType = false;
    this.#graph = createGraphBuilder();
    this.#made = new Map();
    this.#grids = new Map();
    this.#origins = new Map();
    return this.#graph;
  }

  get graph(): GraphBuilder {
    return this.#graph;
  }

  /** Type of the codes of frozen tensors that a step rounds. */
  get frozenCodes(): CodeType {
    this.#usesCodeType = true;
    return this.#frozenCodes;
  }

  /** Whether the graph depends on `frozenCodes`. */
  get usesCodeType(): boolean {
    return this.#usesCodeType;
  }

  /** The graph value behind a tensor. */
  graphValue(tensor: TensorInfo): GraphValue {
    const value = this.#values.get(tensor.dataId);
    if (value === undefined) throw new Error("a tensor made outside the traced step was used inside it");
    return value;
  }

  /** A tensor that stands for a graph value. */
  tensorOf(value: GraphValue): TensorInfo {
    const dataId = {};
    this.#values.set(dataId, value);
    return { dataId, shape: [...value.shape], dtype: value.type as DType };
  }

  /** Appends a node with one output. */
  emit(
    operator: string,
    inputs: readonly TensorInfo[],
    shape: Shape,
    type: string,
    options: EmitOptions = {},
  ): TensorInfo {
    const names = [...inputs.map((input) => this.graphValue(input).name), ...(options.constants ?? [])];
    return this.tensorOf(this.#graph.node(operator, names, shape, type as ElementType, options));
  }

  /** What `make` gives, made once in a graph. */
  once<Made>(key: string, make: () => Made): Made {
    if (!this.#made.has(key)) this.#made.set(key, make());
    return this.#made.get(key) as Made;
  }

  /** Records that a tensor is another in another shape. */
  recordView(view: TensorInfo, of: TensorInfo): void {
    this.#origins.set(this.graphValue(view).name, this.originOf(of));
  }

  /** The value a tensor is, whatever its shape. */
  originOf(tensor: TensorInfo): GraphValue {
    const value = this.graphValue(tensor);
    return this.#origins.get(value.name) ?? value;
  }

  /** Records what a tensor is made of, for products of whole numbers. */
  recordGrid(tensor: TensorInfo, grid: Grid): void {
    this.#grids.set(this.graphValue(tensor).name, grid);
  }

  /** What a tensor is made of; undefined where nothing recorded it. */
  gridOf(tensor: TensorInfo): Grid | undefined {
    return this.#grids.get(this.originOf(tensor).name);
  }

  /** Name of a constant int64 list, the type ONNX wants for shapes and axes. */
  indices(values: readonly number[]): string {
    const bytes = bytesOf(BigInt64Array.from(values, BigInt));
    return this.#graph.constant(bytes, [values.length], "int64").name;
  }

  /** Name of a constant scalar. */
  scalar(value: number, type: "float32" | "int32" = "float32"): string {
    const bytes = bytesOf(type === "float32" ? Float32Array.of(value) : Int32Array.of(value));
    return this.#graph.constant(bytes, [], type).name;
  }

  override write(values: BackendValues, shape: number[], dtype: DataType): DataId {
    const dataId = {};
    this.move(dataId, values, shape, dtype);
    return dataId;
  }

  override move(dataId: DataId, values: BackendValues, shape: number[], dtype: DataType): void {
    this.#constants.set(dataId, values);
    this.#values.set(dataId, this.#graph.constant(constantBytes(values, dtype), shape, dtype as ElementType));
  }

  /** Values of a constant. Anything computed has none while tracing. */
  override readSync(dataId: DataId): BackendValues {
    const values = this.#constants.get(dataId);
    if (values === undefined) throw new Error("a step may not read the values of a tensor it computes");
    return values;
  }

  override read(dataId: DataId): Promise<BackendValues> {
    return Promise.resolve(this.readSync(dataId));
  }

  override disposeData(): boolean {
    return true;
  }
  override refCount(): number {
    return 1;
  }
  override incRef(): void {}
  decRef(): void {}
  override numDataIds(): number {
    return 0;
  }
  override floatPrecision(): 32 {
    return 32;
  }
  override epsilon(): number {
    return 1e-7;
  }
  override timerAvailable(): boolean {
    return false;
  }
}

function constantBytes(values: BackendValues, dtype: DataType): Uint8Array {
  if (dtype === "float32") return bytesOf(Float32Array.from(values as ArrayLike<number>));
  if (dtype === "int32") return bytesOf(Int32Array.from(values as ArrayLike<number>));
  if (dtype === "bool") return Uint8Array.from(values as ArrayLike<number>);
  throw new Error(`a step may not use ${dtype} constants`);
}
