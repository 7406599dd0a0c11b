import type { Shape } from "@blora/tensor";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { bytesOf, type GraphValue } from "../../graph/graph.ts";
import type { CodeType, Grid, TracingBackend } from "../backend.ts";
import { kernel, type TracedKernel } from "../kernel.ts";

/** Codes that 8 bits hold. */
const WHOLE_BITS = 8;
const MIDDLE = 2 ** (WHOLE_BITS - 1);

function zerosOf(signed: boolean): Grid["zero"] {
  return signed ? { uint8: MIDDLE, int8: 0 } : { uint8: 0, int8: -MIDDLE };
}

/** Rounds values to codes of a type, to nearest and ties to even; beyond the type they end at its limits. */
function roundedTo(
  { graph }: TracingBackend,
  type: CodeType,
  values: GraphValue,
  scale: GraphValue,
  zero: number,
): GraphValue {
  return graph.node("QuantizeLinear", [values.name, scale.name, code(graph, type, zero)], values.shape, type);
}

function code(graph: TracingBackend["graph"], type: CodeType, value: number): string {
  return graph.constant(bytesOf(type === "uint8" ? Uint8Array.of(value) : Int8Array.of(value)), [], type).name;
}

/** Name of the constant that codes of 0 have. */
export function zeroOf(backend: TracingBackend, grid: Grid, type: CodeType): string {
  return code(backend.graph, type, grid.zero[type]);
}

/** The codes of a value on a grid, in a shape of its own. */
export function codesAs(backend: TracingBackend, grid: Grid, type: CodeType, shape: Shape): GraphValue {
  const codes = grid.codes(type);
  if (String(codes.shape) === String(shape)) return codes;
  return backend.once(`${codes.name} as [${shape}]`, () =>
    backend.graph.node("Reshape", [codes.name, backend.indices(shape)], shape, type),
  );
}

/** The one scale of a grid without an axis. */
export function scalarOf(backend: TracingBackend, { scales }: Grid): GraphValue {
  if (scales.shape.length === 0) return scales;
  return backend.once(`${scales.name} as a scalar`, () =>
    backend.graph.node("Reshape", [scales.name, backend.indices([])], [], "float32"),
  );
}

interface Rounded {
  readonly x: TensorInfo;
  readonly step: TensorInfo;
  readonly low: TensorInfo;
  readonly limit: TensorInfo;
}

/** (code - zero) · scale in float32. */
export type Decode = (
  backend: TracingBackend,
  type: CodeType,
  codes: GraphValue,
  scale: GraphValue,
  zero: number,
) => GraphValue;

export const dequantized: Decode = ({ graph }, type, codes, scale, zero) =>
  graph.node("DequantizeLinear", [codes.name, scale.name, code(graph, type, zero)], codes.shape, "float32");

/** The same by plain operators: ONNX Runtime, as others run it, rewrites what follows `DequantizeLinear`, to other values. */
export const plainlyDecoded: Decode = (backend, _, codes, scale, zero) => {
  const { graph } = backend;
  const floats = graph.node("Cast", [codes.name], codes.shape, "float32", { attributes: { to: 1 } });
  const centred = graph.node("Sub", [floats.name, backend.scalar(zero)], codes.shape, "float32");
  return graph.node("Mul", [centred.name, scale.name], codes.shape, "float32");
};

/** Rounding in float32, for codes of more than 8 bits. */
export const plainRounding: TracedKernel = kernel<Rounded>(({ x, step, low, limit }, _, backend) => {
  const clipped = backend.emit("Clip", [x, low, limit], x.shape, "float32");
  const levels = backend.emit("Round", [backend.emit("Div", [clipped, step], x.shape, "float32")], x.shape, "float32");
  return [backend.emit("Mul", [levels, step], x.shape, "float32"), clipped];
});

/**
 * Kernels that round to grids of few bits, and leave on record what their results are made of.
 *
 * @param wide the kernel of more bits
 */
export function gridKernels(wide: TracedKernel, decode: Decode): Readonly<Record<string, TracedKernel>> {
  return {
    ClippedRounding: kernel<Rounded, { signed: boolean; bits: number }>((inputs, attributes, backend) => {
      const { signed, bits } = attributes;
      if (bits > WHOLE_BITS) return wide(inputs, attributes, backend);
      const { graph } = backend;
      const { x, step, low, limit } = inputs;
      const values = backend.graphValue(x);
      const scales = backend.graphValue(step);
      const zero = zerosOf(signed);
      const highest = signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
      // Clipping codes is clipping values, at a quarter of the bytes.
      const codes = (type: CodeType): GraphValue =>
        backend.once(`${type} codes of ${values.name}, ${bits} bits of ${scales.name}`, () => {
          const rounded = roundedTo(backend, type, values, scales, zero[type]);
          if (!signed && bits === WHOLE_BITS) return rounded;
          const limits = [signed ? -highest : 0, highest].map((limit) => code(graph, type, zero[type] + limit));
          return graph.node("Clip", [rounded.name, ...limits], values.shape, type);
        });
      const type = graph.stored(backend.originOf(x)) === undefined ? "uint8" : backend.frozenCodes;
      const value = backend.tensorOf(decode(backend, type, codes(type), scales, zero[type]));
      backend.recordGrid(value, { codes, zero, scales, offset: 0 });
      return [value, backend.emit("Clip", [x, low, limit], x.shape, "float32")];
    }),

    OnGrid: kernel<
      { levels: TensorInfo; steps: TensorInfo },
      { bits: number; signed: boolean; offset: Grid["offset"] }
    >(({ levels, steps }, { bits, signed, offset }, backend) => {
      const value = backend.emit("Mul", [levels, steps], levels.shape, "float32");
      if (bits > WHOLE_BITS) return value;
      const zero = zerosOf(signed);
      const codes = (type: CodeType): GraphValue =>
        backend.once(`${type} codes of ${backend.graphValue(levels).name}`, () => {
          const { graph } = backend;
          const whole =
            offset === 0
              ? levels
              : backend.emit("Sub", [levels], levels.shape, "float32", { constants: [backend.scalar(offset)] });
          const one = graph.constant(bytesOf(Float32Array.of(1)), [], "float32");
          return roundedTo(backend, type, backend.graphValue(whole), one, zero[type]);
        });
      backend.recordGrid(value, { codes, zero, scales: backend.graphValue(steps), offset });
      return value;
    }),
  };
}
