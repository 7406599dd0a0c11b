import type { ParameterSpec } from "@blora/spec";
import type { Shape } from "@blora/tensor";

/** Writes down the parameters of a network. */
export interface ParameterKit {
  /** Drawn from a normal distribution: a matrix, a table or a kernel. */
  drawn(name: string, shape: Shape): ParameterSpec;
  zeros(name: string, shape: Shape): ParameterSpec;
  /** Weight [O, I] and, but for `false`, bias [O] of a linear map. */
  dense(path: string, inFeatures: number, outFeatures: number, hasBias?: boolean): ParameterSpec[];
  /** Weight and, but for `false`, bias of a norm. */
  norm(path: string, size: number, hasBias?: boolean): ParameterSpec[];
}

/**
 * @param initializerRange standard deviation of what is drawn
 * @param isHead whether a parameter, by its name, is trained as the head
 */
export function parameterKit(initializerRange: number, isHead: (name: string) => boolean): ParameterKit {
  const normal = { kind: "normal", standardDeviation: initializerRange } as const;
  const spec = (name: string, shape: Shape, init: ParameterSpec["init"]): ParameterSpec => {
    return { name, shape, role: isHead(name) ? "head" : "base", init };
  };
  const drawn = (name: string, shape: Shape) => spec(name, shape, normal);
  const zeros = (name: string, shape: Shape) => spec(name, shape, { kind: "zeros" });
  const withBias = (weight: ParameterSpec, path: string, size: number, hasBias: boolean) =>
    hasBias ? [weight, zeros(`${path}.bias`, [size])] : [weight];
  return {
    drawn,
    zeros,
    dense: (path, I, O, hasBias = true) => withBias(drawn(`${path}.weight`, [O, I]), path, O, hasBias),
    norm: (path, size, hasBias = true) =>
      withBias(spec(`${path}.weight`, [size], { kind: "ones" }), path, size, hasBias),
  };
}
