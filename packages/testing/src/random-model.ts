import type { Architecture, Batch, ForwardInputs, Head, Linear, LinearSite } from "@blora/spec";
import { frozenLinear, normalValues, ops, sizeOf, type Tensor } from "@blora/tensor";
import { expect } from "vitest";
import { createTestContext } from "./context.ts";
import { valuesOf } from "./values.ts";

/** Adapts what `linear` gives: `plain` is x·Wᵀ + b. */
export type Adapt = (path: string, x: Tensor, plain: Tensor) => Tensor;

/** An architecture with random weights, all of which matter. */
export interface RandomModel<Config> {
  readonly config: Config;
  /** Names of the parameters the architecture lists. */
  readonly names: readonly string[];
  /** Names it looked up so far. */
  readonly used: ReadonlySet<string>;
  readonly sites: readonly LinearSite[];
  lookup(name: string): Tensor;
  inputsOf(batch: Batch, adapt?: Adapt): ForwardInputs<Config>;
  forward(batch: Batch, adapt?: Adapt): Tensor;
}

export function createRandomModel<Config>(
  architecture: Architecture<Config>,
  json: unknown,
  head: Head,
): RandomModel<Config> {
  const config = architecture.parseConfig(json);
  const specs = architecture.parameters(config, head);
  const weights = new Map(
    specs.map(({ name, shape, init }) => {
      const ones = init.kind === "ones" || /norm.*weight$/i.test(name) ? 1 : 0;
      const noise = normalValues({ seed: 3, step: 0, path: name }, sizeOf(shape), 0.15);
      const values = noise.map((value) => value + ones);
      return [name, ops.tensor(values, [...shape])] as const;
    }),
  );
  const used = new Set<string>();
  const lookup = (name: string): Tensor => {
    used.add(name);
    return weights.get(name) ?? expect.fail(`the forward pass looked up ${name}, which is not among its parameters`);
  };
  const inputsOf = (batch: Batch, adapt: Adapt = (_path, _x, plain) => plain): ForwardInputs<Config> => {
    const linear: Linear = (path, x) => {
      const bias = weights.has(`${path}.bias`) ? lookup(`${path}.bias`) : undefined;
      return adapt(path, x, frozenLinear(x, lookup(`${path}.weight`), bias));
    };
    return { config, head, lookup, batch, linear, context: createTestContext("eval") };
  };
  const forward = (batch: Batch, adapt?: Adapt): Tensor => architecture.forward(inputsOf(batch, adapt));
  return {
    config,
    lookup,
    inputsOf,
    forward,
    used,
    names: specs.map((spec) => spec.name),
    sites: architecture.sites(config),
  };
}

/** Texts padded on the right. */
export function toBatch(
  texts: readonly (readonly number[])[],
  length: number,
  padding: number,
  positions: readonly number[],
): Batch {
  const rows = (value: (text: readonly number[], index: number) => number): number[] =>
    texts.flatMap((text) => Array.from({ length }, (_, index) => value(text, index)));
  const shape: [number, number] = [texts.length, length];
  return {
    inputIds: ops.tensor(
      rows((text, index) => text[index] ?? padding),
      shape,
      "int32",
    ),
    attentionMask: ops.tensor(
      rows((text, index) => (index < text.length ? 1 : 0)),
      shape,
      "float32",
    ),
    tokenTypeIds: ops.tensor(
      rows(() => 0),
      shape,
      "int32",
    ),
    positions: ops.tensor([...positions], [positions.length], "int32"),
  };
}

export function hostRows(logits: Tensor): number[][] {
  const columns = logits.shape[1]!;
  const values = Array.from(valuesOf(logits));
  return Array.from({ length: logits.shape[0]! }, (_, row) => values.slice(row * columns, (row + 1) * columns));
}
