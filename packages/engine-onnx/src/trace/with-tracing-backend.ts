import { engine, findBackend, registerBackend, registerKernel, setBackend } from "@tensorflow/tfjs-core";
import { TracingBackend } from "./backend.ts";
import type { TracedKernel } from "./kernel.ts";

/** Kernels, and the name of the tfjs backend they are registered under. */
export interface TracingKernels {
  readonly backendName: string;
  readonly kernels: Readonly<Record<string, TracedKernel>>;
}

/** Runs `trace` with the tracing backend current, and restores the previous one. Synchronous: nothing can interleave. */
export function withTracingBackend<Result>(
  { backendName, kernels }: TracingKernels,
  trace: (backend: TracingBackend) => Result,
): Result {
  const previous = engine().backendName;
  ensureRegistered(backendName, kernels);
  void setBackend(backendName);
  engine().startScope();
  try {
    return trace(findBackend(backendName) as TracingBackend);
  } finally {
    engine().endScope();
    if (previous) void setBackend(previous);
  }
}

function ensureRegistered(backendName: string, kernels: TracingKernels["kernels"]): void {
  if (engine().registryFactory[backendName] !== undefined) return;
  registerBackend(backendName, () => new TracingBackend(), 0);
  for (const [kernelName, kernelFunc] of Object.entries(kernels)) {
    registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs, backend }) => kernelFunc(inputs, attrs ?? {}, backend as TracingBackend),
    });
  }
}
