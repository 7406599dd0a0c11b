import { customGrad, engine, type Tensor as TfjsTensor, tidy, zerosLike } from "@tensorflow/tfjs-core";
import type { Tensor } from "./types.ts";

/** The value of a function and how to pull a gradient back through it. */
export interface Differentiable {
  readonly value: Tensor;
  /** Intermediate results that `gradient` needs; inputs need not be listed. */
  readonly saved?: readonly Tensor[];
  /** Gradients of the inputs, in their order, from `dy`, the gradient of the loss by `value`. */
  readonly gradient: (dy: Tensor, saved: readonly Tensor[]) => readonly Tensor[];
}

/**
 * Gives a function of tensors a hand-written gradient.
 *
 * @example const double = withGradient((x) => ({ value: mul(x, 2), gradient: (dy) => [mul(dy, 2)] }));
 */
export function withGradient<Inputs extends readonly Tensor[]>(
  compute: (...inputs: Inputs) => Differentiable,
): (...inputs: Inputs) => Tensor {
  return (...inputs) => {
    const differentiable = customGrad((...args) => {
      const save = args[args.length - 1] as unknown as (tensors: TfjsTensor[]) => void;
      const { value, saved = [], gradient } = compute(...(args.slice(0, -1) as unknown as Inputs));
      // Inputs are saved too: an eager engine frees intermediate results before the backward pass.
      save([...saved, ...inputs]);
      return {
        value,
        gradFunc: (dy: TfjsTensor, kept: TfjsTensor[]) => [...gradient(dy, kept.slice(0, saved.length))],
      };
    });
    return differentiable(...(inputs as unknown as TfjsTensor[]));
  };
}

/** The scalar `loss(...variables)` and its gradient by each variable; zeros where the loss does not depend on one. */
export function valueAndGradients(
  loss: (...variables: readonly Tensor[]) => Tensor,
  variables: readonly Tensor[],
): { value: Tensor; gradients: Tensor[] } {
  return tidy(() => {
    const allowUnused = true;
    const { value, grads } = engine().gradients(() => loss(...variables), [...variables], undefined, allowUnused);
    const gradients = grads.map((gradient: Tensor | undefined, index) => gradient ?? zerosLike(variables[index]!));
    return { value, gradients };
  });
}
