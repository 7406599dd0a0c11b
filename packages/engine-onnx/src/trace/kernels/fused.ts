import type { TensorInfo } from "@tensorflow/tfjs-core";
import { kernel, type TracedKernel, type Unary } from "../kernel.ts";

/** Kernels of @blora/tensor that ONNX Runtime has in one operator. */
export const fusedKernels: Readonly<Record<string, TracedKernel>> = {
  Gelu: kernel<Unary>(({ x }, _, backend) => backend.emit("Gelu", [x], x.shape, x.dtype)),

  LayerNorm: kernel<{ x: TensorInfo; scale: TensorInfo; shift: TensorInfo }, { epsilon: number }>(
    ({ x, scale, shift }, { epsilon }, backend) => {
      const statistics = { shape: x.shape.with(-1, 1), type: "float32" } as const;
      const outputs = backend.graph.nodes(
        "LayerNormalization",
        [x, scale, shift].map((tensor) => backend.graphValue(tensor).name),
        [{ shape: x.shape, type: "float32" }, statistics, statistics],
        { attributes: { axis: -1, epsilon: { float: epsilon } } },
      );
      return outputs.map((value) => backend.tensorOf(value));
    },
  ),
};
