import { namedParameters } from "@blora/adapters";
import type { Engine, Feed, Head, StepDefinition } from "@blora/spec";
import type { TensorRecord, TensorSpec } from "@blora/tensor";
import { requireFinite } from "./finite.ts";
import { layoutsOf } from "./layouts.ts";
import type { OpenNetwork } from "./open-plain.ts";
import type { StepCache } from "./step-cache.ts";
import { type NetworkInputs, traceNetwork } from "./trace-network.ts";

/** A computation over an open network that needs no gradient, such as likelihoods or the next token. */
export interface NetworkStep {
  /** Shown in logs and errors. */
  readonly name: string;
  readonly inputs: Readonly<Record<string, TensorSpec>>;
  /** Outputs by name. Pure, as `StepDefinition.compute` is. */
  compute(network: NetworkInputs, input: TensorRecord): TensorRecord;
}

export interface CompiledNetworkStep {
  /** Outputs by name; new arrays on every run. @throws NumericalError where an output is not finite */
  run(feeds: Readonly<Record<string, Feed>>): Promise<Readonly<Record<string, Float32Array>>>;
  release(): Promise<void>;
}

/** Without gradient there is no noise; engines still ask which it would be. */
const NO_NOISE = { seed: 0, step: 0 };

/**
 * Compiles a step over an open network.
 *
 * @example
 * compileNetworkStep(engine, network, {
 *   name: "next token",
 *   inputs,
 *   compute: (inputs, input) => ({ logits: network.architecture.forward({ ...inputs, batch: batchOf(input) }) }),
 * });
 */
export async function compileNetworkStep(
  engine: Engine,
  network: OpenNetwork,
  step: NetworkStep,
): Promise<CompiledNetworkStep> {
  const compiled = await engine.compile(definitionOf(network, step));
  const values = parameterFeeds(network);
  return {
    async run(feeds) {
      const { outputs } = await compiled.run({ ...values, ...feeds }, {}, NO_NOISE);
      requireFiniteOutputs(network, outputs);
      return outputs;
    },
    release: () => compiled.release(),
  };
}

/** Where an entry of an output is. */
export type PlaceOf = (index: number, output: Float32Array) => string;

/** Runs steps over one open network. */
export interface NetworkRunner {
  /**
   * Runs a step, compiled where the cache holds none for it.
   *
   * @param key names the step among those of this network
   * @param place says in an error which part of a feed an entry of an output belongs to
   * @returns outputs by name; new arrays on every run
   * @throws NumericalError where an output is not finite
   */
  run(
    key: string,
    define: () => NetworkStep,
    feeds: Readonly<Record<string, Feed>>,
    place?: PlaceOf,
  ): Promise<Readonly<Record<string, Float32Array>>>;
}

/** Steps come from a cache: adapters of one method whose tensors have the same shapes share a compiled step. */
export function createNetworkRunner(cache: StepCache, network: OpenNetwork): NetworkRunner {
  const signature = signatureOf(network);
  const values = parameterFeeds(network);
  return {
    async run(key, define, feeds, place) {
      const compiled = await cache.get(`${key} ${signature}`, () => {
        const definition = definitionOf(network, define());
        return { ...definition, steady: new Set(Object.keys(values)) };
      });
      const { outputs } = await compiled.run({ ...values, ...feeds }, {}, NO_NOISE);
      requireFiniteOutputs(network, outputs, place);
      return outputs;
    },
  };
}

/** Every number a network computes passes here: from one that is none, no answer follows. */
function requireFiniteOutputs(
  { name }: OpenNetwork,
  outputs: Readonly<Record<string, Float32Array>>,
  place: PlaceOf = (index) => `entry ${index}`,
): void {
  for (const [output, values] of Object.entries(outputs)) {
    requireFinite(values, (found, index) => {
      return `${name}: expected finite ${output}, found ${found} at ${place(index, values)}. A weight of the model or of its adapter is not finite, or too large to compute with.`;
    });
  }
}

function definitionOf(network: OpenNetwork, step: NetworkStep): StepDefinition {
  const layouts = layoutsOf(network.weights.adapters);
  const parameters = [...namedParameters(network.weights)];
  const specs = parameters.map(([name, { shape }]) => [name, { shape, dtype: "float32" }] as const);
  return {
    name: step.name,
    mode: "eval",
    inputs: { ...step.inputs, ...Object.fromEntries(specs) },
    trainable: {},
    frozen: network.frozen,
    compute: (tensors) => ({ outputs: step.compute(traceNetwork(network, layouts, tensors).inputs, tensors.input) }),
  };
}

function parameterFeeds({ weights }: OpenNetwork): Record<string, Feed> {
  return Object.fromEntries([...namedParameters(weights)].map(([name, { values }]) => [name, values]));
}

/** Equal for networks that one compiled step serves. */
function signatureOf({ head, method, weights }: OpenNetwork): string {
  const shapes = [...namedParameters(weights)].map(([name, { shape }]) => `${name}[${shape}]`);
  const layouts = [...weights.adapters].map(([path, { layout }]) => `${path}${JSON.stringify(layout)}`);
  return [JSON.stringify(method), headSignature(head), ...layouts, ...shapes].join(" ");
}

/** Only shapes of a head decide a graph, so equal label counts share it. */
function headSignature(head: Head): string {
  return "labels" in head ? `${head.kind} ${head.labels.length}` : head.kind;
}
