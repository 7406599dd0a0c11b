import { permutation, uniformValues } from "@blora/tensor";

/** A row of instruction data. */
export interface InstructionRow {
  readonly prompt: string;
  readonly completion: string;
}

const WORDS: readonly string[] = [
  ...["apple", "bread", "chair", "dance", "eagle", "flute", "grape", "house", "island", "jacket", "kettle", "lemon"],
  ...["mirror", "needle", "orange", "pencil", "quiver", "rocket", "silver", "tunnel", "violin", "window", "yellow"],
];
const NAMES: readonly string[] = ["Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hana"];
const TOWNS: readonly string[] = ["Oslo", "Lima", "Cairo", "Perth", "Quito", "Turin"];

type Task = (words: readonly string[], name: string, town: string, number: number) => readonly [string, string];

/** Small things to do with words, names and numbers, each with one right answer. */
const TASKS: readonly Task[] = [
  (words) => [`Sort the words: ${words.join(", ")}.`, [...words].sort().join(", ")],
  (words) => [`Reverse the list: ${words.join(", ")}.`, words.toReversed().join(", ")],
  ([word]) => [`Write in capitals: ${word}.`, word!.toUpperCase()],
  ([word]) => [`How many letters has the word ${word}?`, String(word!.length)],
  (_, name, town, number) => [`${name} is ${number} and lives in ${town}. Where does ${name} live?`, town],
  (_, name, town, number) => [`${name}, ${town}, ${number}. Write it as JSON.`, JSON.stringify({ name, town, number })],
  (words, _, __, number) => [
    `Say the word ${words[0]} ${2 + (number % 3)} times.`,
    repeated(words[0]!, 2 + (number % 3)),
  ],
];

function repeated(word: string, times: number): string {
  return new Array<string>(times).fill(word).join(" ");
}

/** Rows drawn by seed, the same everywhere; one seed for those that are learned, another for those held out. */
export function instructionRows(count: number, seed: number): InstructionRow[] {
  return Array.from({ length: count }, (_, row) => {
    const order = permutation({ seed, step: row, path: "words" }, WORDS.length);
    const words = Array.from({ length: 4 }, (_, index) => WORDS[order[index]!]!);
    const [task, name, town, number] = uniformValues({ seed, step: row, path: "task" }, 4);
    const pick = <Item>(items: readonly Item[], uniform: number): Item => items[Math.floor(uniform * items.length)]!;
    const age = 20 + Math.floor(number! * 60);
    const [question, answer] = pick(TASKS, task!)(words, pick(NAMES, name!), pick(TOWNS, town!), age);
    return { prompt: `${question}\nAnswer:`, completion: ` ${answer}` };
  });
}
