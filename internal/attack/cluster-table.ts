export type StoreKind = "file" | "s3";
export type NetworkKind = "namespaces" | "cables";

/** One sweep of workers to whom everything happened. */
export interface ClusterRound {
  readonly round: number;
  readonly seed: number;
  readonly store: StoreKind;
  readonly network: NetworkKind;
  readonly runs: number;
  readonly seconds: number;
  /** Each with milliseconds from the start, the machine, and whether its training process was left alone. */
  readonly kills: readonly { readonly at: number; readonly host: number; readonly alone: boolean }[];
  readonly faults: readonly ClusterFault[];
  /** The last sentences of workers that ended though nobody killed them. */
  readonly endings: readonly string[];
  /** Where it did not end as the same sweep in turn. */
  readonly verdict: readonly string[];
}

export interface ClusterFault {
  readonly name: string;
  /** Runs that were done before. */
  readonly after: number;
}

/** A row for each store: rounds, runs, kills, what else happened, what went wrong. */
export function clusterTable(rounds: readonly ClusterRound[]): string {
  const rows = [...new Set(rounds.map(({ store }) => store))].map((store) => {
    const own = rounds.filter((round) => round.store === store);
    const sum = (count: (round: ClusterRound) => number): number => own.reduce((total, one) => total + count(one), 0);
    const names = own.flatMap(({ faults }) => faults.map(({ name }) => name));
    const faults = [...new Set(names)].sort().map((name) => `${name} ${names.filter((one) => one === name).length}`);
    const cells = [own.length, sum(({ runs }) => runs), sum(({ kills }) => kills.length), faults.join(", ")];
    return `| ${[`${store}:`, ...cells, sum(({ verdict }) => verdict.length)].join(" | ")} |`;
  });
  return [
    "| store | sweeps | runs | kills | what else happened | broken promises |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}
