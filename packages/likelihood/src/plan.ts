import type { EncodedRequest, ScoredRow } from "./encode-request.ts";

/** A row of a request. */
export interface PlannedRow extends ScoredRow {
  /** Index of the request among those planned. */
  readonly request: number;
}

/** Rows that begin with the same tokens, packed for reading. */
export interface SharedPlan {
  /** What all rows begin with, read once; empty where there is nothing to share. */
  readonly prefix: readonly number[];
  /** Rows that are read in one pass, side by side. */
  readonly packs: readonly (readonly PlannedRow[])[];
}

/**
 * Plans how requests that begin with the same text are read: their longest
 * common prefix once, then the rest of every row in packs of at most `budget`
 * tokens. The prefix is found among tokens, so it ends where all rows agree,
 * however the tokenizer joins what follows. Rows cut on the left share nothing.
 *
 * @param budget tokens of a pack; a longer row has a pack to itself
 */
export function planShared(requests: readonly EncodedRequest[], budget: number): SharedPlan[] {
  const whole: PlannedRow[] = [];
  const cut: PlannedRow[] = [];
  for (const [request, { rows, cutTokens }] of requests.entries()) {
    for (const row of rows) (cutTokens > 0 ? cut : whole).push({ ...row, request });
  }
  const shared = commonPrefix(whole);
  return [
    { prefix: whole[0]?.ids.slice(0, shared) ?? [], packs: pack(whole, shared, budget) },
    { prefix: [], packs: pack(cut, 0, budget) },
  ].filter(({ packs }) => packs.length > 0);
}

/** Length of the longest prefix all rows share; the positions that score a row stay its own. */
function commonPrefix(rows: readonly ScoredRow[]): number {
  if (rows.length < 2) return 0;
  const first = rows[0]!.ids;
  return rows.reduce((shared, { ids, continuations }) => {
    const most = Math.min(shared, ids.length - continuations[0]!.ids.length);
    let length = 0;
    while (length < most && ids[length] === first[length]) length++;
    return length;
  }, first.length);
}

/** First fit, longest first: few packs with little room left, and equal rows whatever their order. */
function pack(rows: readonly PlannedRow[], shared: number, budget: number): PlannedRow[][] {
  const packs: { room: number; rows: PlannedRow[] }[] = [];
  for (const row of rows.toSorted((a, b) => b.ids.length - a.ids.length)) {
    const length = row.ids.length - shared;
    let found = packs.find(({ room }) => room >= length);
    if (found === undefined) {
      found = { room: budget, rows: [] };
      packs.push(found);
    }
    found.room -= length;
    found.rows.push(row);
  }
  return packs.map((each) => each.rows);
}
