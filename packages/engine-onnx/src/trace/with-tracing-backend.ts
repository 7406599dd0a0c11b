import { engine, findBackend, registerBackend, registerKernel, setBackend } from "@tensorflow/tfjs-core";
import { TracingBackend } from "./backend.ts";
import type { TracedKernel } from "./kernel.ts";

const TRACING_BACKEND = "onnx-trace";

/** Runs `trace` with the tracing backend current, and restores the previous one. Synchronous: nothing can interleave. */
export function withTracingBackend<Result>(
  kernels: Readonly<Record<string, TracedKernel>>,
  trace: (backend: TracingBackend) => Result,
): Result {
  const previous = engine().backendName;
  ensureRegistered(kernels);
  void setBackend(TRACING_BACKEND);
  engine().startScope();
  try {
    return trace(findBackend(TRACING_BACKEND) as TracingBackend);
  } finally {
    engine().endScope();
    if (previous) void setBackend(previous);
  }
}

function ensureRegistered(kernels: Readonly<Record<string, TracedKernel>>): void {
  if (engine().registryFactory[TRACING_BACKEND] !== undefined) return;
  registerBackend(TRACING_BACKEND, () => new TracingBackend(), 0);
  for (const [kernelName, kernelFunc] of Object.entries(kernels)) {
    registerKernel({
      kernelName,
      backendName: TRACING_BACKEND,
      kernelFunc: ({ inputs, attrs, backend }) => kernelFunc(inputs, attrs ?? {}, backend as TracingBackend),
    });
  }
}
