import { type Network, type NetworkInputs, plainMethod, sitesOf, traceNetwork } from "@blora/network";
import type { Head, StepInputs } from "@blora/spec";
import { factorNames, type Weight } from "../weights.ts";

/** What a forward pass needs from the tensors of a step whose weights are all frozen. */
export type ForwardParts = (tensors: StepInputs) => NetworkInputs;

/** @param branches sites whose update stays beside its weight */
export function forwardParts(
  network: Network,
  head: Head,
  weights: ReadonlyMap<string, Weight>,
  branches: Iterable<string>,
): ForwardParts {
  const sites = sitesOf(network, branches, network.name);
  const layouts = new Map(sites.map(({ path }) => [path, { layout: {}, parameters: ["A", "B"] }]));
  const adapted = {
    config: network.config,
    head,
    method: plainMethod,
    sites,
    frozen: weights,
    headNames: new Set<string>(),
  };
  return (tensors) => {
    const factors = sites.flatMap(({ path }) => {
      const { A, B } = factorNames(path);
      return [
        [`${path}/A`, tensors.frozen(A)],
        [`${path}/B`, tensors.frozen(B)],
      ] as const;
    });
    const input = { ...tensors.input, ...Object.fromEntries(factors) };
    return traceNetwork(adapted, layouts, { ...tensors, input }).inputs;
  };
}
