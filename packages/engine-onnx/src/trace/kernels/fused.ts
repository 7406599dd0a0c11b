import type { TensorInfo } from "@tensorflow/tfjs-core";
import { bytesOf } from "../../graph/graph.ts";
import type { EmitOptions } from "../backend.ts";
import { kernel, type TracedKernel, type Unary } from "../kernel.ts";

/** ONNX Runtime's own operator set. */
const MICROSOFT = "com.microsoft";

/** Kernels of @blora/tensor that ONNX Runtime has in one operator. */
export const fusedKernels: Readonly<Record<string, TracedKernel>> = {
  Gelu: kernel<Unary>(({ x }, _, backend) => backend.emit("Gelu", [x], x.shape, x.dtype)),

  /**
   * dy · (Φ(x) + x·φ(x)) in nine passes instead of eleven: with h = x/√2, Φ(x) = erf(h)/2 + 1/2, which HardSigmoid
   * computes in one, and x·φ(x) = h / (√π·exp(h²)). The exponential may overflow: the quotient is then 0, as it should be.
   */
  GeluGradient: kernel<{ dy: TensorInfo; x: TensorInfo }>(({ dy, x }, _, backend) => {
    const pass = (operator: string, inputs: readonly TensorInfo[], options?: EmitOptions): TensorInfo =>
      backend.emit(operator, inputs, x.shape, "float32", options);
    const times = (tensor: TensorInfo, factor: number): TensorInfo =>
      pass("Mul", [tensor], { constants: [backend.scalar(factor)] });
    const h = times(x, Math.SQRT1_2);
    const half = { float: 0.5 };
    const distribution = pass("HardSigmoid", [pass("Erf", [h])], { attributes: { alpha: half, beta: half } });
    const slope = times(pass("Div", [h, pass("Exp", [pass("Mul", [h, h])])]), 1 / Math.sqrt(Math.PI));
    return pass("Mul", [dy, pass("Add", [distribution, slope])]);
  }),

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

  RmsNorm: kernel<{ x: TensorInfo; scale: TensorInfo }, { epsilon: number }>(({ x, scale }, { epsilon }, backend) => {
    const outputs = backend.graph.nodes(
      "SimplifiedLayerNormalization",
      [x, scale].map((tensor) => backend.graphValue(tensor).name),
      [
        { shape: x.shape, type: "float32" },
        { shape: x.shape.with(-1, 1), type: "float32" },
      ],
      { attributes: { axis: -1, epsilon: { float: epsilon } } },
    );
    return outputs.map((value) => backend.tensorOf(value));
  }),

  ClippedRounding: kernel<{ x: TensorInfo; step: TensorInfo; low: TensorInfo; limit: TensorInfo }, { signed: boolean }>(
    ({ x, step, low, limit }, { signed }, backend) => {
      const clipped = backend.emit("Clip", [x, low, limit], x.shape, "float32");
      // Wide enough for the codes of every width; which of these they are decides the type of the codes.
      const type = signed ? "int16" : "uint16";
      const zero = backend.tensorOf(backend.graph.constant(new Uint8Array(2), [], type));
      const domain = MICROSOFT;
      const codes = backend.emit("QuantizeLinear", [clipped, step, zero], x.shape, type, { domain });
      return [backend.emit("DequantizeLinear", [codes, step, zero], x.shape, "float32", { domain }), clipped];
    },
  ),

  PassInside: kernel<{ dy: TensorInfo; x: TensorInfo; clipped: TensorInfo }>(({ dy, x, clipped }, _, backend) => {
    const inside = backend.emit("Equal", [x, clipped], x.shape, "bool");
    const mask = backend.emit("Cast", [inside], x.shape, "float32", { attributes: { to: 1 } });
    return backend.emit("Mul", [dy, mask], x.shape, "float32");
  }),

  GeluTanh: kernel<Unary>(({ x }, _, backend) =>
    backend.emit("Gelu", [x], x.shape, x.dtype, { attributes: { approximate: "tanh" } }),
  ),

  SiluGate: kernel<{ gate: TensorInfo; up: TensorInfo }>(({ gate, up }, _, backend) => {
    const attributes = { alpha: { float: 1 } };
    const silu = backend.emit("QuickGelu", [gate], gate.shape, gate.dtype, { domain: MICROSOFT, attributes });
    return backend.emit("Mul", [silu, up], up.shape, up.dtype);
  }),

  /** x [B, T, N, D] with a row of angles a token: ONNX Runtime reads them as a cache whose positions are the rows. */
  Rotary: kernel<{ x: TensorInfo; cos: TensorInfo; sin: TensorInfo }>(({ x, cos, sin }, _, backend) => {
    const [B, T, N, D] = x.shape as [number, number, number, number];
    const [rows, , half] = cos.shape as [number, number, number];
    const reshaped = (tensor: TensorInfo, shape: readonly number[]): TensorInfo =>
      backend.emit("Reshape", [tensor], shape, tensor.dtype, { constants: [backend.indices(shape)] });
    const places = BigInt64Array.from({ length: B * T }, (_, index) => BigInt(rows === 1 ? index % T : index));
    const positions = backend.tensorOf(backend.graph.constant(bytesOf(places), [B, T], "int64"));
    const cache = [cos, sin].map((table) => reshaped(table, [rows * T, half]));
    const turned = backend.emit(
      "RotaryEmbedding",
      [reshaped(x, [B, T, N * D]), positions, ...cache],
      [B, T, N * D],
      x.dtype,
      { domain: MICROSOFT, attributes: { num_heads: N, rotary_embedding_dim: 2 * half } },
    );
    return reshaped(turned, x.shape);
  }),
};
