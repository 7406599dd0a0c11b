import { type ClassScores, ratesOf } from "./classification.ts";

/** A run of words that name one thing. */
export interface Entity {
  readonly type: string;
  /** Index of its first word, and of its last. */
  readonly first: number;
  readonly last: number;
}

/** Scores of all entities together, and of each type by its name. */
export interface EntityScores {
  readonly all: ClassScores;
  readonly types: ReadonlyMap<string, ClassScores>;
}

const OUTSIDE = "O";
const begun = new Set(["B", "I"]);
const continued = new Set(["I", "E"]);

/** `B-PER` is a prefix and a type; a tag without a type has type "_". */
function partsOf(tag: string): { readonly prefix: string; readonly type: string } {
  const prefix = tag.slice(0, 1);
  return { prefix, type: tag.slice(1).replace(/^.*?-/, "") || "_" };
}

/**
 * The entities of the tags of one sentence (IOB1, IOB2, IOE or IOBES), as seqeval reads them by default: an entity
 * goes on while the type stays the same and `I` or `E` follows `B` or `I`.
 */
export function entitiesOf(tags: readonly string[]): Entity[] {
  const entities: Entity[] = [];
  let previous = partsOf(OUTSIDE);
  for (const [index, tag] of tags.entries()) {
    const current = partsOf(tag);
    const goesOn = begun.has(previous.prefix) && continued.has(current.prefix) && previous.type === current.type;
    if (goesOn) entities[entities.length - 1] = { ...entities.at(-1)!, last: index };
    else if (current.prefix !== OUTSIDE) entities.push({ type: current.type, first: index, last: index });
    previous = current;
  }
  return entities;
}

/**
 * Entity-level precision, recall and F1: an entity is right where its type and both ends are (micro averages, as
 * seqeval's `f1_score`).
 *
 * @param predictions tags of each sentence, as many as in `labels`
 */
export function entityScores(
  predictions: readonly (readonly string[])[],
  labels: readonly (readonly string[])[],
): EntityScores {
  const counts = new Map<string, { right: number; found: number; support: number }>();
  const countOf = (type: string) => {
    const count = counts.get(type) ?? { right: 0, found: 0, support: 0 };
    counts.set(type, count);
    return count;
  };
  const key = ({ type, first, last }: Entity) => `${first} ${last} ${type}`;
  for (const [row, tags] of labels.entries()) {
    const there = entitiesOf(tags);
    const keys = new Set(there.map(key));
    for (const { type } of there) countOf(type).support++;
    for (const entity of entitiesOf(predictions[row]!)) {
      const count = countOf(entity.type);
      count.found++;
      if (keys.has(key(entity))) count.right++;
    }
  }
  const sum = (of: "right" | "found" | "support") =>
    [...counts.values()].reduce((total, count) => total + count[of], 0);
  return {
    all: ratesOf(sum("right"), sum("found"), sum("support")),
    types: new Map(
      [...counts].sort().map(([type, { right, found, support }]) => [type, ratesOf(right, found, support)]),
    ),
  };
}
