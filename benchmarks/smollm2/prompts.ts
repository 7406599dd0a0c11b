import type { Message } from "@blora/spec";

/** Beginnings to be gone on with. */
const TEXTS: readonly string[] = [
  "The capital of France is",
  "Water boils at a lower temperature on a mountain because",
  "Once there was a lighthouse keeper who",
  "The three primary colours are",
  "To bake bread you need",
  "def add(a, b):\n",
  "In 1969, two people",
  "A triangle with sides 3, 4 and 5",
  "Bees make honey from",
  "The quickest way to cool a drink is",
];

const QUESTIONS: readonly string[] = [
  "What do plants need to grow?",
  "Name five animals that live in the sea.",
  "Explain what a fraction is to a child.",
  "Write two sentences about rain.",
  "Why is the sky blue?",
  "How many days does a leap year have?",
  "Give me a recipe for pancakes.",
  "What is the difference between a lake and a pond?",
  "Translate 'good morning' into Spanish.",
  "List the planets from the sun outwards.",
];

/** Ten texts, and ten conversations that the chat template frames. */
export const PROMPTS: readonly (string | readonly Message[])[] = [
  ...TEXTS,
  ...QUESTIONS.map((content) => [{ role: "user", content }]),
];
