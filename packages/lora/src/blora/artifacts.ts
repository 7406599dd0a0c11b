import {
  type Adapter,
  type CodedUpdate,
  type EncodedAdapter,
  type EncodedParameter,
  type EncodedValues,
  FLOAT_BITS,
  type GateProbabilities,
  type LinearSite,
  type LowRankUpdate,
} from "@blora/spec";
import { evaluateOnHost, type TensorRecord, transposed } from "@blora/tensor";
import { foldUpdate } from "../fold.ts";
import { prepareAdapters } from "./forward.ts";
import { hostShares, noNoise } from "./gates.ts";
import {
  type BloraLayout,
  chainsOf,
  gatesName,
  layoutOf,
  quantizerParameter,
  quantizerParameters,
  scaleIn,
  storedLayout,
} from "./layout.ts";
import type { BloraSettings } from "./options.ts";
import { widthsOf } from "./usage.ts";
import { roundedVectors, tensorsOf, vectorsOf, wholeTensor } from "./vectors.ts";

/** The update as plain LoRA, its matrices as evaluation has them. */
export function exportUpdate(settings: BloraSettings, site: LinearSite, adapter: Adapter): LowRankUpdate | undefined {
  const { A: bits } = widthsOf(settings, adapter);
  const kept = [...bits.keys()].filter((component) => bits[component]! > 0);
  if (kept.length === 0) return undefined;
  const scale = scaleIn(settings, adapter);
  const [A, B] = (["A", "B"] as const).map((matrix) =>
    evaluateOnHost(() => prepared(settings, site, adapter)[matrix]!),
  );
  return foldUpdate({ A: A!, B: B!, scales: bits.map(() => scale), kept });
}

/** Parameters as evaluation prepares them, on the host. */
function prepared(settings: BloraSettings, site: LinearSite, { layout, parameters }: Adapter): TensorRecord {
  const traced = { site, layout, parameters: tensorsOf(parameters) };
  return prepareAdapters(settings, [traced], { mode: "eval", uniform: noNoise, dropoutMask: noNoise })[0]!.parameters;
}

/** W0 [O, I] as evaluation uses it. */
export function roundedBase(settings: BloraSettings, adapter: Adapter, weight: Float32Array): Float32Array {
  const [bits] = widthsOf(settings, adapter).W0 ?? [FLOAT_BITS];
  return bits === FLOAT_BITS ? weight : roundedVectors(settings, adapter, "W0", wholeTensor(weight), [bits!]);
}

/** A and B as codes; undefined where they are in floating point, or the quantizer has no codes for them. */
function encodedMatrices(settings: BloraSettings, adapter: Adapter): Record<"A" | "B", EncodedParameter> | undefined {
  const { A, B } = adapter.parameters;
  if (A === undefined || B === undefined) return undefined;
  const a = encodedMatrix(settings, adapter, "A");
  const b = encodedMatrix(settings, adapter, "B");
  return a && b && { A: a, B: b };
}

function encodedMatrix(settings: BloraSettings, adapter: Adapter, matrix: "A" | "B"): EncodedParameter | undefined {
  const { phase, bits: settled, offset } = layoutOf(adapter);
  const tensor = vectorsOf(settings, adapter, matrix);
  const vector = settings.granularity === "matrix" ? "all" : matrix === "A" ? "row" : "column";
  const bits = settled[matrix]?.slice(0, tensor.vectors);
  if (bits === undefined) return undefined;
  if (phase === "rounded") {
    const scales = adapter.parameters[quantizerParameter(matrix, "scales")]!.values;
    const K = tensor.values.length / tensor.vectors;
    const whole = tensor.values.map((value, index) => {
      const scale = scales[Math.floor(index / K)]!;
      return scale === 0 ? 0 : Math.round(value / scale - offset!);
    });
    const codes = new Int32Array(whole);
    return { codes, bits, signed: true, offset: offset!, scales, vector };
  }
  const parameters = quantizerParameters(adapter.parameters, matrix);
  const encoded = settings.quantizer.encode?.(parameters, tensor, bits);
  return encoded && { ...encoded, vector };
}

/** The settled adapter in few bits: its matrices as codes. */
export function encodeAdapter(settings: BloraSettings, adapter: Adapter): EncodedAdapter | undefined {
  const codes = encodedMatrices(settings, adapter);
  if (codes === undefined) return undefined;
  const rounded: BloraLayout = { ...layoutOf(adapter), phase: "rounded", offset: codes.A.offset };
  const ofMatrices = (["A", "B"] as const).flatMap((matrix) => [
    matrix,
    ...Object.keys(quantizerParameters(adapter.parameters, matrix)).map((name) => quantizerParameter(matrix, name)),
  ]);
  const others = Object.entries(adapter.parameters).filter(([name]) => !ofMatrices.includes(name));
  return { layout: storedLayout(rounded), codes, parameters: Object.fromEntries(others) };
}

/** The update s·B·A with A and B as the codes evaluation uses; s goes into the scales of B: its codes stay whole. */
export function codedUpdate(settings: BloraSettings, adapter: Adapter): CodedUpdate | undefined {
  const { rank } = layoutOf(adapter);
  const codes = encodedMatrices(settings, adapter);
  if (rank === 0 || codes === undefined) return undefined;
  const scale = scaleIn(settings, adapter);
  const B = perComponent(codes.B, rank, true);
  return { rank, A: perComponent(codes.A, rank, false), B: { ...B, scales: B.scales.map((own) => own * scale) } };
}

/** Codes of a whole matrix as those of its components. */
function perComponent({ vector, ...encoded }: EncodedParameter, rank: number, columns: boolean): EncodedValues {
  if (vector !== "all") return encoded;
  const { codes } = encoded;
  const ordered = columns ? transposed(codes, rank) : codes;
  const repeated = <Value>(value: Value) => Array<Value>(rank).fill(value);
  return {
    ...encoded,
    codes: ordered,
    bits: repeated(encoded.bits[0]!),
    scales: Float32Array.from(repeated(encoded.scales[0]!)),
  };
}

/** P(level reached) of every unit that is learning, by unit and level. */
export function gateProbabilities(settings: BloraSettings, { parameters }: Adapter): GateProbabilities {
  const units = chainsOf(settings).flatMap((chain) => {
    const gates = parameters[gatesName(chain)]?.values;
    if (gates === undefined) return [];
    return hostShares(settings, chain, gates, "likely").map((shares, unit) => {
      const name = chain.units === 1 ? chain.name : `component ${unit + 1}`;
      const reached = chain.levels.slice(1).map((level, step) => [level, above(shares, step)] as const);
      return [name, Object.fromEntries(reached)] as const;
    });
  });
  return Object.fromEntries(units);
}

function above(shares: readonly number[], step: number): number {
  return shares.slice(step + 1).reduce((sum, share) => sum + share, 0);
}
