import type { Feed } from "@blora/spec";
import type { Shape } from "@blora/tensor";
import type { Graph } from "./graph/graph.ts";

/** A build of ONNX Runtime: all that differs between Node and a page. */
export interface Runtime {
  /** The provider that every machine has. */
  readonly provider: string;
  providers(): readonly string[];
  version(provider: string): Promise<string>;
  /** Threads inside one operator: as many as asked for, or one for each core; `note` where it has fewer. */
  threads(asked: number | undefined): { readonly threads: number; readonly note?: string };
  /** Sessions of one engine, which share frozen tensors where they can. */
  open(): Sessions;
}

/** How a graph is run. */
export interface SessionSettings {
  readonly threads: number;
  /** Execution providers in order of preference, such as `cuda` and `cpu`. */
  readonly providers: readonly string[];
}

export interface Sessions {
  /** @throws MissingDependencyError where the provider finds no GPU */
  create(graph: Graph, settings: SessionSettings): Promise<Session>;
}

/** Values that a graph is fed or gives, by their type. */
export type Values = Feed | Int8Array | Uint8Array;

/** Values of a graph input. */
export interface FedTensor {
  readonly values: Values;
  readonly shape: Shape;
}

export interface Session {
  /** Inputs that the graph uses. */
  readonly inputNames: readonly string[];
  /** The float32 outputs of the graph by name, valid until the next run. */
  run(inputs: Readonly<Record<string, FedTensor>>): Promise<Readonly<Record<string, Float32Array>>>;
  /** The outputs of the graph by name, of any type of `Values` and in memory of their own. */
  compute(inputs: Readonly<Record<string, FedTensor>>): Promise<Readonly<Record<string, Values>>>;
  release(): Promise<void>;
}
