import { getKernel, type KernelFunc, registerKernel, unregisterKernel } from "@tensorflow/tfjs-core";

const wrapped = Symbol.for("blora.wrapped");

/** Replaces a kernel of a backend by one made from it. Does so once, however often it is called. */
export function wrapKernel(kernelName: string, backendName: string, wrap: (original: KernelFunc) => KernelFunc): void {
  const kernel = getKernel(kernelName, backendName);
  if (kernel === undefined || wrapped in kernel.kernelFunc) return;
  const kernelFunc = Object.assign(wrap(kernel.kernelFunc), { [wrapped]: true });
  // Registering over a kernel that is there prints a warning.
  unregisterKernel(kernelName, backendName);
  registerKernel({ ...kernel, kernelFunc });
}
