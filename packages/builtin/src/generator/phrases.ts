import type { Draw } from "./draw.ts";
import { conjugate, hasPlural, plural } from "./inflect.ts";
import type { Lexicon, ThingClass } from "./lexicon.ts";

export type GrammaticalNumber = "singular" | "plural";

export const NUMBERS: readonly GrammaticalNumber[] = ["singular", "plural"];

export function other(number: GrammaticalNumber): GrammaticalNumber {
  return number === "singular" ? "plural" : "singular";
}

export function inflectNoun(noun: string, number: GrammaticalNumber): string {
  return number === "plural" ? plural(noun) : noun;
}

/** Present tense of the third person. */
export function presentTense(verb: string, number: GrammaticalNumber): string {
  return conjugate(verb, number === "plural" ? "base" : "third");
}

/** Somebody who can act, as a bare noun that shows its number. */
export function pickActor(draw: Draw, lexicon: Lexicon): string {
  const kind = draw.pick([lexicon.persons, lexicon.persons, lexicon.animals, lexicon.women, lexicon.men]);
  return draw.pick(kind.filter(hasPlural));
}

export function pickPerson(draw: Draw, lexicon: Lexicon): string {
  return draw.pick(draw.pick([lexicon.persons, lexicon.persons, lexicon.women, lexicon.men]));
}

/** A thing and something one does to it, of the verbs that `fits` lets through. */
export function pickThing(
  draw: Draw,
  lexicon: Lexicon,
  fits: (verb: string) => boolean = () => true,
): { verb: string; noun: string } {
  const things: ThingClass = draw.pick(lexicon.things);
  return { verb: draw.pick(things.verbs.filter(fits)), noun: draw.pick(things.nouns) };
}

/** Perhaps an adverb, to stand before a verb. */
export function adverb(draw: Draw, lexicon: Lexicon): string[] {
  return draw.chance(0.3) ? [draw.pick(lexicon.adverbs)] : [];
}

/** `the`, perhaps an adjective, and the noun. */
export function definite(draw: Draw, adjectives: readonly string[], noun: string, rate = 0.4): string[] {
  return ["the", ...(draw.chance(rate) ? [draw.pick(adjectives)] : []), noun];
}

const SCENES: readonly string[] = ["near", "behind", "beside", "opposite", "inside"];

/** Where somebody is: `near the old bridge`. Its noun's number tells nothing about the verb's. */
export function place(draw: Draw, lexicon: Lexicon): string[] {
  const noun = inflectNoun(draw.pick(lexicon.places), draw.pick(NUMBERS));
  return [draw.pick(SCENES), ...definite(draw, lexicon.thingAdjectives, noun, 0.2)];
}

const OPENINGS: readonly string[] = [
  "in the morning ,",
  "after dinner ,",
  "before the war ,",
  "during the storm ,",
  "on sunday ,",
  "at midnight ,",
  "in the winter ,",
  "according to the news ,",
  "of course ,",
  "as we all know ,",
  "surprisingly ,",
  "it seems that",
  "i believe that",
  "they say that",
  "she told us that",
  "everybody knows that",
];

/** A lead-in that fits any clause, or nothing. */
export function opening(draw: Draw): string[] {
  return draw.chance(0.35) ? draw.pick(OPENINGS).split(" ") : [];
}
