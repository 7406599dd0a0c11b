import type { Machine } from "@blora/runs";
import { markdownTable } from "@blora/spec";

/** A stretch of inputs that one process read. */
export interface Stretch {
  readonly target: string;
  readonly seed: number;
  /** Number of the first input, and how many there were. */
  readonly start: number;
  readonly inputs: number;
  readonly finds: readonly {
    readonly law: string;
    readonly place: string;
    readonly message: string;
    readonly input: string;
  }[];
  /** Inputs that reached something new and were damaged further. */
  readonly corpus: number;
  readonly seconds: number;
  readonly machine: Machine;
}

/** A row for each parser: inputs, and faults by the commit they were found at. */
export function table(stretches: readonly Stretch[]): string {
  const names = [...new Set(stretches.map(({ target }) => target))];
  const rows = names.map((name) => {
    const own = stretches.filter(({ target }) => target === name);
    const sum = (count: (stretch: Stretch) => number): number => own.reduce((total, one) => total + count(one), 0);
    const found = new Set(own.flatMap(({ finds }) => finds.map(({ law, place }) => law + place))).size;
    const last = own.at(-1)!.machine.commit ?? "none";
    const clean = own.filter(({ machine }) => machine.commit === last);
    const since = clean.reduce((total, { finds }) => total + finds.length, 0);
    const numbers = [sum(({ inputs }) => inputs), Math.round(sum(({ seconds }) => seconds)), found, since];
    return [name, ...numbers.map((number) => number.toLocaleString("en")), last];
  });
  return markdownTable(
    ["parser", "inputs", "seconds", "faults ever", "faults at the last commit", "last commit"],
    rows,
  );
}

/** The table as a page, with every fault that was found. */
export function page(stretches: readonly Stretch[]): string {
  const sum = (count: (stretch: Stretch) => number): string =>
    stretches.reduce((total, stretch) => total + count(stretch), 0).toLocaleString("en");
  const faults = stretches.flatMap(({ target, finds, machine }) =>
    finds.map(({ law, message, place }) => `${target}: ${law}: ${message} At ${place}, commit ${machine.commit}.`),
  );
  const { cpu, cores, node } = stretches.at(-1)!.machine;
  return [
    "# Damaged files",
    `\`npm run fuzz\` reads damaged files of every format that is read, led by what they reach, and holds the readers to the laws of \`internal/fuzz/laws.ts\`: ${sum(({ inputs }) => inputs)} inputs in ${sum(({ seconds }) => Math.round(seconds))} seconds, on ${cores} cores (${cpu}) that others used as well, Node ${node.replace("v", "")}. Every stretch is in [\`fuzz.jsonl\`](fuzz.jsonl). Of \`run-\` files the report is written as text, of \`page-\` files drawn.`,
    table(stretches),
    "## Faults",
    faults.length === 0 ? "None." : [...new Set(faults)].map((fault) => `- ${fault}`).join("\n"),
  ].join("\n\n");
}
