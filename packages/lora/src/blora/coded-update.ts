import type { Adapter, CodedMatrix, CodedUpdate, EncodedValues } from "@blora/spec";
import type { BloraSettings } from "./options.ts";
import { activeComponents, encodedMatrices, roundedValues } from "./quantization.ts";

/**
 * The update s·B·diag(e)·A with A and B as the codes evaluation uses. What
 * lies between them, s·e, goes into the scales of B: its codes stay whole.
 */
export function codedUpdate(settings: BloraSettings, adapter: Adapter, scale: number): CodedUpdate | undefined {
  const components = activeComponents(settings, adapter);
  if (components.length === 0) return undefined;
  const { A, B } = encodedMatrices(settings, adapter);
  const between = roundedValues(settings, adapter, "E");
  const R = between.length;
  return {
    rank: components.length,
    ...(A !== undefined && { A: coded(A, rowsOf(A.codes, R, components), () => A.scale, components) }),
    ...(B !== undefined && {
      B: coded(B, columnsOf(B.codes, R, components), (component) => B.scale * scale * between[component]!, components),
    }),
  };
}

function coded(
  { bits, signed }: EncodedValues,
  codes: Int32Array,
  scaleOf: (component: number) => number,
  components: readonly number[],
): CodedMatrix {
  return { bits, signed, codes, scales: Float32Array.from(components, scaleOf) };
}

/** Rows of a matrix [R, I]. */
function rowsOf(codes: Int32Array, R: number, components: readonly number[]): Int32Array {
  const I = codes.length / R;
  return Int32Array.from(components.flatMap((row) => [...codes.subarray(row * I, (row + 1) * I)]));
}

/** Columns of a matrix [O, R]. */
function columnsOf(codes: Int32Array, R: number, components: readonly number[]): Int32Array {
  const K = components.length;
  return Int32Array.from({ length: (codes.length / R) * K }, (_, index) => {
    return codes[Math.floor(index / K) * R + components[index % K]!]!;
  });
}
