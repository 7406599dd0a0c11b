import type { SiteVisitor } from "@blora/network";
import type { ActivationStatistics, Method } from "@blora/spec";
import { ops, type Tensor, type TensorRecord } from "@blora/tensor";

/** Statistics of activations by site path and name. */
export type Observations = Map<string, Record<string, ActivationStatistics>>;

/** Collects what a method records while a network is traced, over all calls of each site. */
export interface Observer {
  readonly visit: SiteVisitor;
  /** A scalar for each statistic, named for `readObservations`. */
  outputs(): TensorRecord;
}

/** Joins a site path, the name of an activation and that of a statistic; none of them holds a colon. */
const SEPARATOR = ":";

/** Statistics of the calls of a site so far. */
interface Observed {
  /** M, over all calls */
  readonly rows: number;
  readonly statistics: ActivationStatistics<Tensor>;
}

export function createObserver({ training }: Pick<Method, "training">): Observer {
  const observed = new Map<string, Observed>();
  return {
    visit(adapter, x) {
      for (const [activation, statistics] of Object.entries(training?.observe?.(adapter, x) ?? {})) {
        const name = adapter.site.path + SEPARATOR + activation;
        const call = { rows: x.shape[0]!, statistics };
        const earlier = observed.get(name);
        observed.set(name, earlier === undefined ? call : combined(earlier, call));
      }
    },
    outputs: () =>
      Object.fromEntries(
        [...observed].flatMap(([name, { statistics }]) =>
          Object.entries(statistics).map(([statistic, scalar]) => [name + SEPARATOR + statistic, scalar]),
        ),
      ),
  };
}

/** A row of every call has as many entries, so means are weighed by rows. */
function combined(earlier: Observed, { rows: more, statistics: last }: Observed): Observed {
  const { statistics: first } = earlier;
  const rows = earlier.rows + more;
  const meanSquare = ops.add(ops.mul(first.meanSquare, earlier.rows / rows), ops.mul(last.meanSquare, more / rows));
  return {
    rows,
    statistics: { min: ops.minimum(first.min, last.min), max: ops.maximum(first.max, last.max), meanSquare },
  };
}

/** The way back from the outputs of an observer; sites of `paths` where nothing was recorded are empty. */
export function readObservations(
  paths: readonly string[],
  outputs: Readonly<Record<string, ArrayLike<number>>>,
): Observations {
  const observations: Observations = new Map(paths.map((path) => [path, {}]));
  for (const name of Object.keys(outputs)) {
    const [path, activation] = name.split(SEPARATOR) as [string, string];
    const statistic = (which: keyof ActivationStatistics): number =>
      outputs[[path, activation, which].join(SEPARATOR)]![0]!;
    observations.get(path)![activation] = {
      min: statistic("min"),
      max: statistic("max"),
      meanSquare: statistic("meanSquare"),
    };
  }
  return observations;
}
