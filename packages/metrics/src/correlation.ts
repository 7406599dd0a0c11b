/** Pearson correlation in float64; NaN where either side is constant, which a single row always is. */
export function pearson(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const constant = (values: readonly number[]) => values.every((value) => value === values[0]);
  if (constant(x) || constant(y)) return Number.NaN;
  const [meanX, meanY] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (const [row, value] of x.entries()) {
    const [dx, dy] = [value - meanX, y[row]! - meanY];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return Math.max(-1, Math.min(1, xy / (Math.sqrt(xx) * Math.sqrt(yy))));
}

/** Pearson correlation of average ranks, which is right with ties where 1 - 6Σd²/(n³ - n) is not. */
export function spearman(x: readonly number[], y: readonly number[]): number {
  return pearson(averageRanks(x), averageRanks(y));
}

/** Ranks from 1; equal values share the mean of theirs. */
export function averageRanks(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Array<number>(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end + 1 < order.length && values[order[end + 1]!] === values[order[start]!]) end++;
    for (let place = start; place <= end; place++) ranks[order[place]!] = (start + end) / 2 + 1;
    start = end + 1;
  }
  return ranks;
}

/** Root of the mean squared difference. */
export function rootMeanSquaredError(predictions: readonly number[], targets: readonly number[]): number {
  const sum = targets.reduce((total, target, row) => total + (predictions[row]! - target) ** 2, 0);
  return Math.sqrt(sum / targets.length);
}
