import { backend_util, type TensorInfo } from "@tensorflow/tfjs-core";
import { type Binary, kernel, type TracedKernel, type Unary } from "../kernel.ts";

const broadcast = backend_util.assertAndGetBroadcastShape;

/** tfjs kernel to ONNX operator, result type as the operands'. */
const ARITHMETIC = {
  Add: "Add",
  Sub: "Sub",
  Multiply: "Mul",
  RealDiv: "Div",
  Maximum: "Max",
  Minimum: "Min",
  Pow: "Pow",
} as const;

const COMPARISON = {
  Greater: "Greater",
  GreaterEqual: "GreaterOrEqual",
  Less: "Less",
  LessEqual: "LessOrEqual",
  Equal: "Equal",
  LogicalAnd: "And",
  LogicalOr: "Or",
} as const;

const UNARY = {
  Abs: "Abs",
  Ceil: "Ceil",
  Cos: "Cos",
  Erf: "Erf",
  Exp: "Exp",
  Floor: "Floor",
  Log: "Log",
  LogicalNot: "Not",
  Neg: "Neg",
  Reciprocal: "Reciprocal",
  Relu: "Relu",
  Round: "Round",
  Sigmoid: "Sigmoid",
  Sign: "Sign",
  Sin: "Sin",
  Softplus: "Softplus",
  Sqrt: "Sqrt",
  Tanh: "Tanh",
} as const;

const ELEMENT_TYPES: Readonly<Record<string, number>> = { float32: 1, int32: 6, bool: 9 };

function mapped(
  table: Readonly<Record<string, string>>,
  make: (operator: string) => TracedKernel,
): Record<string, TracedKernel> {
  return Object.fromEntries(Object.entries(table).map(([name, operator]) => [name, make(operator)]));
}

export const elementwiseKernels: Readonly<Record<string, TracedKernel>> = {
  ...mapped(ARITHMETIC, (operator) =>
    kernel<Binary>(({ a, b }, _, backend) => backend.emit(operator, [a, b], broadcast(a.shape, b.shape), a.dtype)),
  ),
  ...mapped(COMPARISON, (operator) =>
    kernel<Binary>(({ a, b }, _, backend) => backend.emit(operator, [a, b], broadcast(a.shape, b.shape), "bool")),
  ),
  ...mapped(UNARY, (operator) => kernel<Unary>(({ x }, _, backend) => backend.emit(operator, [x], x.shape, x.dtype))),

  AddN: kernel<readonly TensorInfo[] | Record<string, TensorInfo>>((inputs, _, backend) => {
    const terms = Object.values(inputs) as TensorInfo[];
    return backend.emit("Sum", terms, terms[0]!.shape, terms[0]!.dtype);
  }),
  Rsqrt: kernel<Unary>(({ x }, _, backend) => {
    const root = backend.emit("Sqrt", [x], x.shape, x.dtype);
    return backend.emit("Reciprocal", [root], x.shape, x.dtype);
  }),
  Square: kernel<Unary>(({ x }, _, backend) => backend.emit("Mul", [x, x], x.shape, x.dtype)),
  SquaredDifference: kernel<Binary>(({ a, b }, _, backend) => {
    const difference = backend.emit("Sub", [a, b], broadcast(a.shape, b.shape), a.dtype);
    return backend.emit("Mul", [difference, difference], difference.shape, a.dtype);
  }),
  ClipByValue: kernel<Unary, { clipValueMin: number; clipValueMax: number }>(
    ({ x }, { clipValueMin, clipValueMax }, backend) =>
      backend.emit("Clip", [x], x.shape, x.dtype, {
        constants: [backend.scalar(clipValueMin), backend.scalar(clipValueMax)],
      }),
  ),
  /** 1 where x > 0, alpha elsewhere. */
  Step: kernel<Unary, { alpha: number }>(({ x }, { alpha }, backend) => {
    const positive = backend.emit("Greater", [x], x.shape, "bool", { constants: [backend.scalar(0)] });
    return backend.emit("Where", [positive], x.shape, "float32", {
      constants: [backend.scalar(1), backend.scalar(alpha)],
    });
  }),
  Select: kernel<{ condition: TensorInfo; t: TensorInfo; e: TensorInfo }>(({ condition, t, e }, _, backend) =>
    backend.emit("Where", [condition, t, e], broadcast(broadcast(condition.shape, t.shape), e.shape), t.dtype),
  ),
  Cast: kernel<Unary, { dtype: string }>(({ x }, { dtype }, backend) => {
    if (x.dtype === dtype) return x;
    const to = ELEMENT_TYPES[dtype];
    if (to === undefined) throw new Error(`a step may not cast to ${dtype}`);
    return backend.emit("Cast", [x], x.shape, dtype, { attributes: { to } });
  }),
  Identity: kernel<Unary>(({ x }) => ({ dataId: x.dataId, shape: x.shape, dtype: x.dtype })),
};
