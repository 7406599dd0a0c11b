/** One command killed up to three times and run to its end. */
export interface Attempt {
  readonly attempt: number;
  readonly seed: number;
  readonly job: string;
  readonly command: string;
  /** Milliseconds from each start to its kill. */
  readonly delays: readonly number[];
  /** The last line on standard error before each kill. */
  readonly phases: readonly string[];
  /** Folders and files of a killed process that are still beside the result. */
  readonly leftovers: number;
  /** What was lost, or differs in the end. Empty where both promises held. */
  readonly verdict: readonly string[];
}

/** A row for each job: attempts, kills, what went wrong. */
export function table(attempts: readonly Attempt[]): string {
  const names = [...new Set(attempts.map(({ job }) => job))];
  const rows = names.map((name) => {
    const own = attempts.filter(({ job }) => job === name);
    const kills = own.reduce((sum, { delays }) => sum + delays.length, 0);
    const failed = own.filter(({ verdict }) => verdict.length > 0);
    const leftovers = own.filter(({ leftovers }) => leftovers > 0).length;
    return `| ${name} | ${own.length} | ${kills} | ${failed.length} | ${leftovers} |`;
  });
  return [
    "| command | attempts | kills | broken promises | with litter |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}
