/** A matrix as R rows, each one side of a component, before and after rounding: [R, K], row-major. */
export interface Rounding {
  readonly float: Float32Array;
  readonly rounded: Float32Array;
}

/**
 * ‖q(b)·q(a)ᵀ - b·aᵀ‖² of each of R components b·aᵀ, as
 * ‖b·e_aᵀ + e_b·aᵀ + e_b·e_aᵀ‖²: a difference of norms would cancel at wide widths.
 */
export function productErrors(a: Rounding, b: Rounding, R: number): number[] {
  const [a2, ea, da] = squares(a, R);
  const [b2, eb, db] = squares(b, R);
  return a2.map((_, i) => {
    const cross = db[i]! * da[i]! + db[i]! * ea[i]! + eb[i]! * da[i]!;
    return Math.max(0, b2[i]! * ea[i]! + eb[i]! * a2[i]! + eb[i]! * ea[i]! + 2 * cross);
  });
}

/** ½·Σ v·(q(w) - w)² over each of R rows: what rounding adds to the loss under a diagonal Fisher information v. */
export function fisherErrors({ float, rounded }: Rounding, fisher: Float32Array, R: number): number[] {
  return rowSums(float.length, R, (j) => (fisher[j]! * (rounded[j]! - float[j]!) ** 2) / 2);
}

/** Σ (q - w)² of each of R rows. */
export function squaredErrors({ float, rounded }: Rounding, R: number): number[] {
  return rowSums(float.length, R, (j) => (rounded[j]! - float[j]!) ** 2);
}

/** Σ w² of each of R rows. */
export function rowEnergies(values: Float32Array, R: number): number[] {
  return rowSums(values.length, R, (j) => values[j]! ** 2);
}

/** Σ w², Σ (q - w)² and Σ (q - w)·w of each row. */
function squares(rounding: Rounding, R: number): [number[], number[], number[]] {
  const { float, rounded } = rounding;
  return [
    rowEnergies(float, R),
    squaredErrors(rounding, R),
    rowSums(float.length, R, (j) => (rounded[j]! - float[j]!) * float[j]!),
  ];
}

function rowSums(size: number, R: number, term: (index: number) => number): number[] {
  const sums = Array<number>(R).fill(0);
  const K = size / R;
  for (let index = 0; index < size; index++) sums[Math.floor(index / K)]! += term(index);
  return sums;
}
