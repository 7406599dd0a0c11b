import type { TokenRow } from "@blora/network";
import type { EncodedExample } from "@blora/spec";

/** A row a step computes: one text, or several that do not see each other. */
export interface TrainingRow extends EncodedExample, TokenRow {}

/**
 * Puts several texts into each row of at most `maxLength` tokens: the longest
 * text first, each where the least room is left that still holds it (best fit
 * decreasing). No text is split.
 */
export function packRows(rows: readonly EncodedExample[], maxLength: number): TrainingRow[] {
  const longestFirst = [...rows.keys()].sort((a, b) => rows[b]!.inputIds.length - rows[a]!.inputIds.length);
  const bins: number[][] = [];
  /** Bins by the tokens they still have room for. */
  const byRoom: number[][] = Array.from({ length: maxLength + 1 }, () => []);
  for (const row of longestFirst) {
    const { length } = rows[row]!.inputIds;
    const room = roomFor(byRoom, length);
    const bin = room === undefined ? bins.push([]) - 1 : byRoom[room]!.pop()!;
    bins[bin]!.push(row);
    byRoom[(room ?? maxLength) - length]!.push(bin);
  }
  return bins.map((members) => joinRows(members.map((row) => rows[row]!)));
}

function roomFor(byRoom: readonly (readonly number[])[], length: number): number | undefined {
  const room = byRoom.findIndex((bins, room) => room >= length && bins.length > 0);
  return room < 0 ? undefined : room;
}

function joinRows(rows: readonly EncodedExample[]): TrainingRow {
  const starts: number[] = [];
  const inputIds: number[] = [];
  const tokenTypeIds: number[] = [];
  const targets: number[] = [];
  for (const row of rows) {
    const start = inputIds.length;
    starts.push(start);
    for (const id of row.inputIds) inputIds.push(id);
    for (const type of row.tokenTypeIds) tokenTypeIds.push(type);
    for (const target of row.targets ?? []) targets.push(start + target);
  }
  return { inputIds, tokenTypeIds, targets, starts, label: undefined, truncated: rows.some((row) => row.truncated) };
}
