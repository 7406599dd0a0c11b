import { markdownTable } from "@blora/spec";
import type { Pair, Side } from "./pair.ts";

const HEADER = [
  "task",
  "method",
  "seed",
  "steps",
  "metric",
  "ours",
  "PEFT",
  "s/epoch ours",
  "s/epoch PEFT",
  "tokens/s ours",
  "tokens/s PEFT",
  "ratio",
  "MiB ours",
  "MiB PEFT",
  "adapter kB ours",
  "adapter kB PEFT",
];

/** Both sides of every pair in one row. Metrics are of the best evaluation; tokens/s count no padding. */
export function pairTable(title: string, pairs: readonly Pair[]): string {
  const versions = pairs[0] === undefined ? "" : ` ${Object.entries(pairs[0].versions).flat().join(" ")}.`;
  return [
    `# ${title}`,
    "",
    `Same rows, order, start and settings on both sides, 2 threads, one after the other.${versions}`,
    "",
    markdownTable(HEADER, pairs.map(cellsOf)),
    "",
  ].join("\n");
}

function cellsOf({ task, method, seed, steps, metric, ours, peft }: Pair): (string | number)[] {
  const both = (format: (side: Side) => string): string[] => [format(ours), format(peft)];
  return [
    task,
    method,
    seed,
    steps,
    metric,
    ...both(({ best }) => best.toFixed(4)),
    ...both(({ secondsPerEpoch }) => secondsPerEpoch.toFixed(1)),
    ...both(({ tokensPerSecond }) => tokensPerSecond.toFixed(0)),
    (ours.tokensPerSecond / peft.tokensPerSecond).toFixed(2),
    ...both(({ peakRssBytes }) => (peakRssBytes / 2 ** 20).toFixed(0)),
    ...both(({ adapterBytes }) => (adapterBytes / 1000).toFixed(0)),
  ];
}
