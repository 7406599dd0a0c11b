import { join } from "node:path";
import type { LikelihoodRequest } from "@blora/spec";
import { sameBeginnings } from "./same-beginnings.ts";

/** One of several parts of an evaluation, which are answered apart and give the same answers. */
export interface Shard {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

/**
 * The questions of one shard. Those that begin with the same text, such as all of a subject, are never parted: they are
 * read together, so their answers are the same to the last bit. Large groups go first, each to the shard with the
 * fewest questions.
 */
export function requestsOf(requests: readonly LikelihoodRequest[], { index, count }: Shard): LikelihoodRequest[] {
  const sizes = new Array<number>(count).fill(0);
  const own = new Set<LikelihoodRequest>();
  for (const group of sameBeginnings(requests).toSorted((a, b) => b.length - a.length)) {
    const shard = sizes.indexOf(Math.min(...sizes));
    sizes[shard]! += group.length;
    if (shard === index) for (const request of group) own.add(request);
  }
  return requests.filter((request) => own.has(request));
}

/** Where a shard keeps its answers, in the folder of the evaluation. */
export function shardFolder(folder: string, { index, count }: Shard): string {
  return join(folder, `shard-${index + 1}-of-${count}`);
}

/** Names of such folders. */
export const SHARD_FOLDER: RegExp = /^shard-\d+-of-\d+$/;
