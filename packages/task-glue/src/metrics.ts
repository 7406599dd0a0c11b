/** Share of predictions that equal their label. */
export function accuracy(predictions: readonly number[], labels: readonly number[]): number {
  return predictions.filter((prediction, row) => prediction === labels[row]).length / labels.length;
}

/** 2TP / (2TP + FP + FN) of class 1; 0 where neither labels nor predictions hold it. */
export function f1(predictions: readonly number[], labels: readonly number[]): number {
  let truePositives = 0;
  let errors = 0;
  for (const [row, label] of labels.entries()) {
    if (label === 1 && predictions[row] === 1) truePositives++;
    else if (label === 1 || predictions[row] === 1) errors++;
  }
  return truePositives === 0 ? 0 : (2 * truePositives) / (2 * truePositives + errors);
}

/**
 * Matthews correlation for any number of classes (Gorodkin 2004), which for
 * two is (TP·TN - FP·FN) / √((TP+FP)(TP+FN)(TN+FP)(TN+FN)). 0 where labels or
 * predictions are all one class. Counts are multiplied exactly: their products
 * pass 2^53 on long splits.
 */
export function matthewsCorrelation(predictions: readonly number[], labels: readonly number[]): number {
  const predicted = new Map<number, bigint>();
  const actual = new Map<number, bigint>();
  let correct = 0n;
  for (const [row, label] of labels.entries()) {
    const prediction = predictions[row]!;
    predicted.set(prediction, (predicted.get(prediction) ?? 0n) + 1n);
    actual.set(label, (actual.get(label) ?? 0n) + 1n);
    if (prediction === label) correct++;
  }
  const rows = BigInt(labels.length);
  const dot = (a: ReadonlyMap<number, bigint>, b: ReadonlyMap<number, bigint>) =>
    [...a].reduce((sum, [key, count]) => sum + count * (b.get(key) ?? 0n), 0n);
  const covariance = correct * rows - dot(predicted, actual);
  const spread = (rows * rows - dot(predicted, predicted)) * (rows * rows - dot(actual, actual));
  return spread === 0n ? 0 : Number(covariance) / Math.sqrt(Number(spread));
}

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

/** Index of the largest of C logits of each row; ties go to the lowest index. */
export function argmaxRows(logits: Float32Array, classes: number): number[] {
  return Array.from({ length: logits.length / classes }, (_, row) => {
    let best = 0;
    for (let index = 1; index < classes; index++) {
      if (logits[row * classes + index]! > logits[row * classes + best]!) best = index;
    }
    return best;
  });
}
