/** The words of one made-up sentence, each with its tag (IOB2). */
export type TaggedWords = readonly (readonly [word: string, tag: string])[];

const FIRST_NAMES: readonly string[] = [
  "Anna",
  "Omar",
  "Lucia",
  "Peter",
  "Mei",
  "Jonas",
  "Fatima",
  "Ivan",
  "Rosa",
  "Henry",
];
const LAST_NAMES: readonly string[] = ["Keller", "Haddad", "Rossi", "Novak", "Chen", "Lind", "Okafor", "Moreau"];
const CITIES: readonly string[] = ["Lisbon", "Oslo", "New York", "Cape Town", "Vienna", "San Marino", "Kyoto", "Lima"];
const GOODS: readonly string[] = [
  "lamp",
  "garden chair",
  "kettle",
  "bicycle pump",
  "desk",
  "tent",
  "wool blanket",
  "drill",
];

/** Blanks to be filled with a person, a city or goods. */
const SENTENCES: readonly string[] = [
  "{person} ordered a {goods} and wants it sent to {city} .",
  "Please send the {goods} to {person} in {city} .",
  "The {goods} for {person} is still in {city} , says the driver .",
  "{person} moved from {city} to {city} last week .",
  "Where is my {goods} ? It left {city} on Monday .",
  "{person} returns the {goods} because it is broken .",
  "Our shop in {city} opens at nine .",
];

/** Made-up sentences about orders, the same for the same seed. */
export function makeOrders(count: number, seed: number): TaggedWords[] {
  const uniform = uniformNumbers(seed);
  const pick = (choices: readonly string[]): string => choices[Math.floor(uniform() * choices.length)]!;
  const fillers: Readonly<Record<string, () => TaggedWords>> = {
    person: () => named(uniform() < 0.5 ? pick(FIRST_NAMES) : `${pick(FIRST_NAMES)} ${pick(LAST_NAMES)}`, "PERSON"),
    city: () => named(pick(CITIES), "CITY"),
    goods: () => named(pick(GOODS), "GOODS"),
  };
  return Array.from({ length: count }, () =>
    pick(SENTENCES)
      .split(" ")
      .flatMap((word): TaggedWords => fillers[word.replaceAll(/[{}]/g, "")]?.() ?? [[word, "O"]]),
  );
}

function named(text: string, type: string): TaggedWords {
  return text.split(" ").map((word, index) => [word, `${index === 0 ? "B" : "I"}-${type}`]);
}

/** Numbers from 0 to below 1 (Numerical Recipes' linear congruential generator). */
function uniformNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** As a CoNLL file: a word and its tag on each line, and a blank line between sentences. */
export function toConll(sentences: readonly TaggedWords[]): string {
  return sentences.map((words) => words.map(([word, tag]) => `${word} ${tag}\n`).join("")).join("\n");
}
