/** One made-up review: what it says, and how many stars it gives. */
export interface Review {
  readonly review: string;
  readonly stars: 1 | 3 | 5;
}

const THINGS: readonly string[] = [
  ...["kettle", "lamp", "backpack", "keyboard", "tent", "blender", "jacket", "speaker", "drill", "mattress"],
  ...["umbrella", "camera", "bicycle pump", "notebook", "desk", "toaster", "headset", "pillow"],
];
const ASPECTS: readonly string[] = ["handle", "colour", "price", "manual", "packaging", "weight", "sound", "finish"];

const JUDGEMENTS: Readonly<Record<Review["stars"], readonly string[]>> = {
  1: [
    "broke after a week",
    "was a waste of money",
    "stopped working at once",
    "arrived damaged",
    "never did what it should",
  ],
  3: [
    "does its job, no more",
    "is neither good nor bad",
    "is what you pay for",
    "works most of the time",
    "is fine for a start",
  ],
  5: [
    "is the best one I ever had",
    "works perfectly",
    "was worth every cent",
    "made my day",
    "exceeded what I hoped for",
  ],
};
const OPINIONS: Readonly<Record<Review["stars"], readonly string[]>> = {
  1: ["awful", "disappointing", "useless", "poor"],
  3: ["average", "acceptable", "ordinary", "so-so"],
  5: ["excellent", "wonderful", "superb", "lovely"],
};
const STARS = [1, 3, 5] as const;

/** Made-up reviews, the same for the same seed. */
export function makeReviews(count: number, seed: number): Review[] {
  const uniform = uniformNumbers(seed);
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(uniform() * choices.length)]!;
  return Array.from({ length: count }, () => {
    const stars = pick(STARS);
    const sentences = [
      `The ${pick(THINGS)} ${pick(JUDGEMENTS[stars])}.`,
      `The ${pick(ASPECTS)} is ${pick(OPINIONS[stars])}.`,
    ];
    return { review: (uniform() < 0.5 ? sentences : sentences.toReversed()).join(" "), stars };
  });
}

/** Numbers from 0 to below 1 (Numerical Recipes' linear congruential generator). */
function uniformNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** As a csv file: a header, then a row each. */
export function toCsv(reviews: readonly Review[]): string {
  const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return `${["review,stars", ...reviews.map(({ review, stars }) => `${quoted(review)},${stars}`)].join("\n")}\n`;
}
