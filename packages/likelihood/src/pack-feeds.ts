import type { Feed } from "@blora/spec";
import type { PlannedRow } from "./plan.ts";
import type { PackShape } from "./reading-steps.ts";

/** Feeds of a pack but for its cache. Padding is one more text, so that no position has nothing to look at. */
export function packFeeds(
  rows: readonly PlannedRow[],
  shared: number,
  vocabularySize: number,
  { length: T, positions: K, candidates: C, past: P }: PackShape,
  padId: number,
): Record<string, Feed> {
  const inputIds = new Int32Array(T).fill(padId);
  const positionIds = new Int32Array(T);
  const segmentIds = new Int32Array(T).fill(rows.length);
  const states = new Int32Array(K);
  const targets = new Int32Array(K * C);
  let token = 0;
  let position = 0;
  for (const [segment, { ids, continuations }] of rows.entries()) {
    for (let index = shared; index < ids.length; index++) {
      inputIds[token] = ids[index]!;
      positionIds[token] = index;
      segmentIds[token++] = segment;
    }
    const N = continuations[0]!.ids.length;
    for (let n = 0; n < N; n++) {
      states[position] = token - N + n;
      continuations.forEach((continuation, c) => {
        targets[position * C + c] = position * vocabularySize + continuation.ids[n]!;
      });
      position++;
    }
  }
  return {
    inputIds,
    attentionMask: new Float32Array(T).fill(1),
    positionIds,
    segmentIds,
    states,
    targets,
    ...(P === 0 ? {} : { pastMask: new Float32Array(P).fill(1, 0, shared) }),
  };
}

/** Tokens predicted in a pack, over all its rows. */
export function predictedTokens(rows: readonly PlannedRow[]): number {
  return rows.reduce((total, { continuations }) => total + continuations[0]!.ids.length, 0);
}

/** Total log-probability of every continuation of a pack: Σ over its N tokens. */
export function readPack(
  rows: readonly PlannedRow[],
  logProbabilities: Float32Array,
  C: number,
  found: (row: PlannedRow, index: number, logLikelihood: number) => void,
): void {
  let position = 0;
  for (const row of rows) {
    const N = row.continuations[0]!.ids.length;
    row.continuations.forEach(({ index }, c) => {
      let total = 0;
      for (let n = 0; n < N; n++) total += logProbabilities[(position + n) * C + c]!;
      found(row, index, total);
    });
    position += N;
  }
}
