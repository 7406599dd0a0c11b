import type { LikelihoodRequest } from "@blora/spec";

/** Requests with the same description and shots, in the order of the first of each. */
export function sameBeginnings(requests: readonly LikelihoodRequest[]): LikelihoodRequest[][] {
  return groupsBy(requests, ({ description, shots }) => [description, ...shots].join("\0"));
}

export function groupsBy<Item>(items: readonly Item[], key: (item: Item) => string): Item[][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const name = key(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}
