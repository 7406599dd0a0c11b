import type { ReadText, Span } from "./read-words.ts";

/** How the tags of tokens become those of entities, as transformers' `aggregation_strategy`. */
export type Aggregation = "first" | "simple";

/** Neighbouring words with one tag. */
export interface TaggedSpan extends Span {
  /** The tag without `B-` or `I-`. */
  readonly tag: string;
  /** Mean probability of the tag over the words, or the tokens. */
  readonly score: number;
  readonly text: string;
}

interface Tagged extends Span {
  readonly tag: string;
  readonly score: number;
}

const OUTSIDE = "O";

/**
 * Entities of a text, those tagged `O` left out. `first` gives each word the tag of its first token, as training does;
 * `simple` groups tokens, so that an entity may end inside a word. Neighbours of one type belong together, unless the
 * later is tagged `B-`.
 *
 * @param logits [C] of each token
 */
export function findEntities(
  { text, pieces }: ReadText,
  logits: readonly Float32Array[],
  labels: readonly string[],
  aggregation: Aggregation,
): TaggedSpan[] {
  const tagged: Tagged[] = [];
  for (const [index, { start, end, word }] of pieces.entries()) {
    // A text that is too long is cut: its last tokens have no logits.
    if (logits[index] === undefined) break;
    if (aggregation === "first" && pieces[index - 1]?.word === word) tagged.push({ ...tagged.pop()!, end });
    else tagged.push({ start, end, ...likeliest(logits[index], labels) });
  }
  return grouped(tagged).flatMap((members): TaggedSpan[] => {
    const { start, tag } = members[0]!;
    const { end } = members.at(-1)!;
    if (tag === OUTSIDE) return [];
    const score = members.reduce((sum, member) => sum + member.score, 0) / members.length;
    // Of a tag without a prefix the type is what comes after its first hyphen, too.
    return [{ tag: tag.slice(tag.indexOf("-") + 1), score, text: text.slice(start, end), start, end }];
  });
}

function likeliest(logits: Float32Array, labels: readonly string[]): Pick<Tagged, "tag" | "score"> {
  const largest = Math.max(...logits);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
  return { tag: labels[logits.indexOf(largest)]!, score: 1 / total };
}

function grouped(tagged: readonly Tagged[]): Tagged[][] {
  const groups: Tagged[][] = [];
  for (const item of tagged) {
    const before = groups.at(-1)?.at(-1);
    const goesOn = before !== undefined && typeOf(before.tag) === typeOf(item.tag) && !item.tag.startsWith("B-");
    if (goesOn) groups.at(-1)!.push(item);
    else groups.push([item]);
  }
  return groups;
}

const typeOf = (tag: string): string => tag.replace(/^[BI]-/, "");
