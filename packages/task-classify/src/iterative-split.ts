import type { Example } from "@blora/spec";
import { permutation } from "@blora/tensor";

/** One text with the rows it stands in, and all classes they have. */
interface Group {
  readonly rows: readonly Example[];
  readonly classes: ReadonlySet<number>;
}

/**
 * The texts to hold out so that every class keeps its share, where a text has any number of them: iterative
 * stratification (Sechidis, Tsoumakas and Vlahavas, ECML 2011). Class by class, the rarest of those left first, each
 * text goes to the side that still lacks more of the class, then more texts; in doubt it is learned.
 *
 * @param share 0 to 1; a class of at most 1 / (2 · share) texts may be learned alone. One text is held out in any case.
 */
export function iterativeSplit(
  texts: readonly (readonly Example[])[],
  share: number,
  seed: number,
): (readonly Example[])[] {
  const order = permutation({ seed, step: 0, path: "validation" }, texts.length);
  const groups = Array.from(order, (index) => groupOf(texts[index]!));
  const lacking = { learned: sideOf(groups, 1 - share), held: sideOf(groups, share) };
  const held: (readonly Example[])[] = [];
  const left = new Set(groups);
  const leftOfClass = countsOf(groups);
  const ofClass = groupsByClass(groups);
  const place = (group: Group, decisive: number | undefined): void => {
    const more = (key: number | undefined) => lacking.held.get(key)! - lacking.learned.get(key)!;
    const isHeld = (more(decisive) || more(undefined)) > 0;
    const side = isHeld ? lacking.held : lacking.learned;
    for (const key of [...group.classes, undefined]) side.set(key, side.get(key)! - 1);
    if (isHeld) held.push(group.rows);
    left.delete(group);
    for (const key of group.classes) leftOfClass.set(key, leftOfClass.get(key)! - 1);
  };
  for (let rarest = rarestClass(leftOfClass); rarest !== undefined; rarest = rarestClass(leftOfClass)) {
    for (const group of ofClass.get(rarest)!) if (left.has(group)) place(group, rarest);
  }
  for (const group of left) place(group, undefined);
  return held.length > 0 || texts.length < 2 ? held : [texts[order[0]!]!];
}

function groupOf(rows: readonly Example[]): Group {
  return { rows, classes: new Set(rows.flatMap(({ labels = [] }) => labels)) };
}

/** Texts of each class, and of all as `undefined`, that a side with a share of them lacks. */
function sideOf(groups: readonly Group[], share: number): Map<number | undefined, number> {
  const lacked = [...countsOf(groups)].map(([key, count]) => [key, share * count] as const);
  return new Map<number | undefined, number>([...lacked, [undefined, share * groups.length]]);
}

/** The class that fewest have, of several the first; undefined where none is left. */
function rarestClass(counts: ReadonlyMap<number, number>): number | undefined {
  let rarest: number | undefined;
  let least = Infinity;
  for (const [key, count] of counts) {
    if (count === 0 || count > least || (count === least && key > rarest!)) continue;
    rarest = key;
    least = count;
  }
  return rarest;
}

function groupsByClass(groups: readonly Group[]): ReadonlyMap<number, readonly Group[]> {
  const found = new Map<number, Group[]>();
  for (const group of groups) {
    for (const key of group.classes) {
      const same = found.get(key);
      if (same === undefined) found.set(key, [group]);
      else same.push(group);
    }
  }
  return found;
}

function countsOf(groups: readonly Group[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const key of groups.flatMap(({ classes }) => [...classes])) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
