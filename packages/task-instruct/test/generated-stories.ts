import { permutation } from "@blora/tensor";

const ANIMALS = ["cat", "dog", "bird", "frog", "duck", "bear"];
const THINGS = ["ball", "box", "hat", "cake", "car", "tree"];
const COLOURS = ["red", "blue", "green", "big", "new", "pretty"];

/**
 * Short exchanges in which the answer repeats what the prompt said, in an order
 * no story has. Every fourth of their mixed order is held out.
 */
export function generatedStories(): { readonly train: readonly object[]; readonly validation: readonly object[] } {
  const all = ANIMALS.flatMap((animal) =>
    THINGS.flatMap((thing) =>
      COLOURS.map((colour) => ({
        prompt: `The ${animal} saw a ${colour} ${thing}.`,
        completion: ` So the ${thing} is ${colour}, said the ${animal}.`,
      })),
    ),
  );
  const mixed = Array.from(permutation({ seed: 5, step: 0, path: "stories" }, all.length), (index) => all[index]!);
  return {
    train: mixed.filter((_, index) => index % 4 !== 0),
    validation: mixed.filter((_, index) => index % 4 === 0),
  };
}
