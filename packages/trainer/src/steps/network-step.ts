import { namedParameters } from "@blora/adapters";
import type { Engine, Feed } from "@blora/spec";
import type { TensorRecord, TensorSpec } from "@blora/tensor";
import type { Snapshot } from "../state/training-state.ts";
import { type AdaptedNetwork, type NetworkInputs, traceNetwork } from "./network.ts";
import { layoutsOf } from "./step-shape.ts";

/** A computation over an adapted network that needs no gradient, such as likelihoods or the next token. */
export interface NetworkStep {
  /** Shown in logs and errors. */
  readonly name: string;
  readonly inputs: Readonly<Record<string, TensorSpec>>;
  /** Outputs by name. Pure, as `StepDefinition.compute` is. */
  compute(network: NetworkInputs, input: TensorRecord): TensorRecord;
}

export interface CompiledNetworkStep {
  /** Outputs by name; new arrays on every run. */
  run(feeds: Readonly<Record<string, Feed>>): Promise<Readonly<Record<string, Float32Array>>>;
  release(): Promise<void>;
}

/** Without gradient there is no noise; engines still ask which it would be. */
const NO_NOISE = { seed: 0, step: 0 };

/**
 * Compiles a step over a network with the adapters and the head of a snapshot.
 *
 * @example
 * compileNetworkStep(engine, network, snapshot, {
 *   name: "next token",
 *   inputs,
 *   compute: (inputs, input) => ({ logits: network.architecture.forward({ ...inputs, batch: batchOf(input) }) }),
 * });
 */
export async function compileNetworkStep(
  engine: Engine,
  network: AdaptedNetwork,
  snapshot: Snapshot,
  step: NetworkStep,
): Promise<CompiledNetworkStep> {
  const parameters = namedParameters(snapshot);
  const layouts = layoutsOf(snapshot.adapters);
  const specs: Record<string, TensorSpec> = {};
  const values: Record<string, Feed> = {};
  for (const [name, parameter] of parameters) {
    specs[name] = { shape: parameter.shape, dtype: "float32" };
    values[name] = parameter.values;
  }
  const compiled = await engine.compile({
    name: step.name,
    mode: "eval",
    inputs: { ...step.inputs, ...specs },
    trainable: {},
    frozen: network.frozen,
    compute: (tensors) => ({
      outputs: step.compute(traceNetwork(network, layouts, tensors).inputs, tensors.input),
    }),
  });
  return {
    run: async (feeds) => (await compiled.run({ ...values, ...feeds }, {}, NO_NOISE)).outputs,
    release: () => compiled.release(),
  };
}
