import type { Draw } from "./draw.ts";
import { conjugate, type VerbForm } from "./inflect.ts";
import type { Lexicon } from "./lexicon.ts";
import {
  adverb,
  definite,
  inflectNoun,
  NUMBERS,
  other,
  pickActor,
  pickPerson,
  pickThing,
  place,
  presentTense,
} from "./phrases.ts";

/**
 * A clause that is acceptable, or unacceptable in exactly one way.
 *
 * Every word is drawn with the same probability in both cases: what decides
 * is how words fit each other, so counting words tells nothing.
 */
export type Contrast = (draw: Draw, lexicon: Lexicon, acceptable: boolean) => string[];

/** Subject and verb agree in number, across a noun of any number: `the dogs near the house run`. */
const agreement: Contrast = (draw, lexicon, acceptable) => {
  const number = draw.pick(NUMBERS);
  const subject = inflectNoun(pickActor(draw, lexicon), number);
  const verb = presentTense(draw.pick(lexicon.actions), acceptable ? number : other(number));
  return [
    ...definite(draw, lexicon.personAdjectives, subject),
    ...(draw.chance(0.5) ? place(draw, lexicon) : []),
    ...adverb(draw, lexicon),
    verb,
  ];
};

const DETERMINERS = {
  singular: ["this", "that", "every", "each", "another"],
  plural: ["these", "those", "many", "several", "two"],
} as const;

/** Determiner and noun agree in number: `the baker sold these cakes`. */
const determiner: Contrast = (draw, lexicon, acceptable) => {
  const number = draw.pick(NUMBERS);
  const { verb, noun } = pickThing(draw, lexicon);
  return [
    ...definite(draw, lexicon.personAdjectives, pickPerson(draw, lexicon)),
    conjugate(verb, "past"),
    draw.pick(DETERMINERS[number]),
    ...(draw.chance(0.4) ? [draw.pick(lexicon.thingAdjectives)] : []),
    inflectNoun(noun, acceptable ? number : other(number)),
  ];
};

const AUXILIARIES: readonly (readonly [auxiliary: string, form: VerbForm])[] = [
  ["will", "base"],
  ["has", "participle"],
  ["is", "gerund"],
];

/** The auxiliary decides the form of the verb: `will sing`, `has sung`, `is singing`. */
const auxiliary: Contrast = (draw, lexicon, acceptable) => {
  const [word, fitting] = draw.pick(AUXILIARIES);
  const wrong = AUXILIARIES.map(([, form]) => form).filter((form) => form !== fitting);
  // Where the participle looks like the base form, no sentence could show the mistake.
  const { verb, noun } = pickThing(draw, lexicon, (base) => conjugate(base, "participle") !== base);
  return [
    ...definite(draw, lexicon.personAdjectives, pickPerson(draw, lexicon)),
    word,
    ...adverb(draw, lexicon),
    conjugate(verb, acceptable ? fitting : draw.pick(wrong)),
    ...definite(draw, lexicon.thingAdjectives, inflectNoun(noun, draw.pick(NUMBERS))),
  ];
};

/** Only persons do things to things: `the farmer ate the apple`, never the other way round. */
const roles: Contrast = (draw, lexicon, acceptable) => {
  const { verb, noun } = pickThing(draw, lexicon);
  const person = ["the", inflectNoun(pickPerson(draw, lexicon), draw.pick(NUMBERS))];
  const thing = ["the", inflectNoun(noun, draw.pick(NUMBERS))];
  const [subject, object] = acceptable ? [person, thing] : [thing, person];
  return [...subject, ...adverb(draw, lexicon), conjugate(verb, "past"), ...object];
};

/** Words stand in order: two neighbours of different kinds change places. */
const order: Contrast = (draw, lexicon, acceptable) => {
  const { verb, noun } = pickThing(draw, lexicon);
  const clause = [
    "the",
    draw.pick(lexicon.personAdjectives),
    pickPerson(draw, lexicon),
    conjugate(verb, "past"),
    "the",
    draw.pick(lexicon.thingAdjectives),
    noun,
  ];
  const first = draw.pick([1, 2, 5]);
  return acceptable ? clause : clause.with(first, clause[first + 1]!).with(first + 1, clause[first]!);
};

/** A reflexive agrees with its subject: `the queen praised herself`. */
const reflexive: Contrast = (draw, lexicon, acceptable) => {
  const [fitting, wrong] = draw.chance(0.5) ? (["women", "men"] as const) : (["men", "women"] as const);
  const subject = draw.pick(lexicon[acceptable ? fitting : wrong]);
  return [
    ...definite(draw, lexicon.personAdjectives, subject),
    ...adverb(draw, lexicon),
    conjugate(draw.pick(lexicon.dealings), "past"),
    fitting === "women" ? "herself" : "himself",
  ];
};

export const contrasts: Readonly<Record<string, Contrast>> = {
  agreement,
  determiner,
  auxiliary,
  roles,
  order,
  reflexive,
};
