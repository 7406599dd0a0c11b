import type { TagScheme } from "./options.ts";

/** What the tags of all training sentences say about how they name entities. */
export interface SchemeFound {
  readonly scheme: TagScheme;
  /** Entities that begin otherwise than the scheme has it, such as I- without B- in IOB2. */
  readonly broken: number;
  /** Tags that alone keep the others from naming entities, such as `0` for `O`, or all where they are spelled otherwise, as `b-per` is. */
  readonly odd: readonly string[];
}

const OUTSIDE = "O";
const ENTITY_TAG = /^[BIESLU](?:-.+)?$/;
/** Beyond a letter, which may be a tag of anything. */
const TYPED_TAG = /^[BIESLU]-.+$/;

/** `b-per`, `B_PER` and `PER-B`: the places of a scheme, in other signs or the other way round. */
const OTHER_SPELLING = /^(?:[biesmlu][-_].+|.+[-_][biesmlu])$/i;
const BEGINNING = /^b[-_]|[-_]b$/i;

function areSpelledOtherwise(tags: readonly string[]): boolean {
  const named = tags.filter((tag) => tag !== OUTSIDE.toLowerCase());
  return named.some((tag) => BEGINNING.test(tag)) && named.every((tag) => OTHER_SPELLING.test(tag));
}

/** The scheme of the tags of several sentences. */
export function schemeOf(sentences: readonly (readonly string[])[]): SchemeFound {
  const tags = new Set(sentences.flat());
  const named = [...tags].filter((tag) => tag !== OUTSIDE);
  const odd = named.filter((tag) => !ENTITY_TAG.test(tag));
  if (named.length === 0 || odd.length > 0) {
    const isMixed = named.some((tag) => TYPED_TAG.test(tag)) && (odd.length === 1 || 2 * odd.length < named.length);
    return { scheme: "none", broken: 0, odd: isMixed || areSpelledOtherwise(odd) ? odd : [] };
  }
  const prefixes = new Set(named.map((tag) => tag[0]));
  if (prefixes.has("L") || prefixes.has("U")) return { scheme: "BILOU", broken: 0, odd: [] };
  if (prefixes.has("S") || (prefixes.has("E") && prefixes.has("B"))) return { scheme: "IOBES", broken: 0, odd: [] };
  if (prefixes.has("E")) return { scheme: "IOE", broken: 0, odd: [] };
  const { withB, withI } = beginnings(sentences);
  return withB === 0 ? { scheme: "IOB1", broken: 0, odd: [] } : { scheme: "IOB2", broken: withI, odd: [] };
}

/** How entities begin that none of the same type comes right before: with B- or with I-. */
function beginnings(sentences: readonly (readonly string[])[]): { withB: number; withI: number } {
  const counts = { withB: 0, withI: 0 };
  for (const tags of sentences) {
    tags.forEach((tag, index) => {
      const before = tags[index - 1] ?? OUTSIDE;
      if (tag === OUTSIDE || (before !== OUTSIDE && before.slice(1) === tag.slice(1))) return;
      if (tag[0] === "B") counts.withB++;
      else counts.withI++;
    });
  }
  return counts;
}

/** The tags of sentences in a fixed order: `O` first, then by type, as an entity goes: B, I, E, S. */
export function orderedTags(sentences: readonly (readonly string[])[], scheme: TagScheme): string[] {
  const tags = [...new Set(sentences.flat())];
  if (scheme === "none") return tags.sort(compare);
  const place = (tag: string) => "OBIELSU".indexOf(tag[0]!);
  return tags.sort((a, b) => compare(a.slice(1), b.slice(1)) || place(a) - place(b));
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** Tags as seqeval counts entities: those of BILOU are IOBES with other letters. */
export function asCounted(tags: readonly string[], scheme: TagScheme): readonly string[] {
  if (scheme !== "BILOU") return tags;
  return tags.map((tag) => tag.replace(/^L/, "E").replace(/^U/, "S"));
}
