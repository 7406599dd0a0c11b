import {
  type Layouts,
  layoutsOf,
  type Network,
  type NetworkInputs,
  type OpenNetwork,
  plainMethod,
  sitesOf,
  traceNetwork,
} from "@blora/network";
import type { Head, LinearSite, Method, StepInputs } from "@blora/spec";
import { factorNames, type Weight } from "../weights.ts";

/** What a forward pass needs from the tensors of a step whose weights are all frozen. */
export type ForwardParts = (tensors: StepInputs) => NetworkInputs;

type Weights = ReadonlyMap<string, Weight>;

/** @param branches sites whose update stays beside its weight */
export function plainParts(network: Network, head: Head, weights: Weights, branches: Iterable<string>): ForwardParts {
  const sites = sitesOf(network, branches, network.name);
  const layouts = new Map(sites.map(({ path }) => [path, { layout: {}, parameters: ["A", "B"] }]));
  const nameOf = (path: string, matrix: string): string => factorNames(path)[matrix as "A" | "B"];
  return adaptedParts({ config: network.config, head, method: plainMethod, sites }, layouts, weights, nameOf);
}

/** As the method of an adapter evaluates it. Its parameters are weights by their names in a step. */
export function trainedParts(trained: OpenNetwork, weights: Weights): ForwardParts {
  const { config, head, method, sites } = trained;
  const nameOf = (path: string, parameter: string): string => `${path}/${parameter}`;
  return adaptedParts({ config, head, method, sites }, layoutsOf(trained.weights.adapters), weights, nameOf);
}

interface Adapted {
  readonly config: unknown;
  readonly head: Head;
  readonly method: Pick<Method, "prepare" | "apply">;
  readonly sites: readonly LinearSite[];
}

/** @param nameOf weight that a parameter of a site is */
function adaptedParts(
  adapted: Adapted,
  layouts: Layouts,
  weights: Weights,
  nameOf: (path: string, parameter: string) => string,
): ForwardParts {
  const network = { ...adapted, frozen: weights, headNames: new Set<string>() };
  return (tensors) => {
    const parameters = adapted.sites.flatMap(({ path }) =>
      layouts.get(path)!.parameters.map((name) => [`${path}/${name}`, tensors.frozen(nameOf(path, name))] as const),
    );
    const input = { ...tensors.input, ...Object.fromEntries(parameters) };
    return traceNetwork(network, layouts, { ...tensors, input }).inputs;
  };
}
