/** √Σ g² over all gradients, summed in float64. */
export function globalNorm(gradients: Iterable<Float32Array>): number {
  let total = 0;
  for (const gradient of gradients) {
    for (let index = 0; index < gradient.length; index++) total += gradient[index]! * gradient[index]!;
  }
  return Math.sqrt(total);
}

/**
 * Scales the gradients in place so that their joint norm is at most `maxNorm`,
 * with the 1e-6 of `torch.nn.utils.clip_grad_norm_`. A `maxNorm` of 0 leaves them.
 *
 * @returns the norm before clipping
 */
export function clipByGlobalNorm(gradients: readonly Float32Array[], maxNorm: number): number {
  const norm = globalNorm(gradients);
  const scale = maxNorm / (norm + 1e-6);
  if (maxNorm === 0 || scale >= 1) return norm;
  for (const gradient of gradients) {
    for (let index = 0; index < gradient.length; index++) gradient[index] = gradient[index]! * scale;
  }
  return norm;
}
