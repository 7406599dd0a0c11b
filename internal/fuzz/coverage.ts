import { type Profiler, Session } from "node:inspector";

/** Characters of a source file, from `start` to before `end`. */
type Interval = readonly [start: number, end: number];

/** What no input has reached yet, of every function that was ever called. */
export interface Coverage {
  /** Whether what ran since the last call was new; once said, it is not new again. */
  isNew(): boolean;
  /** Forgets what the last call to `isNew` said was new. */
  rewind(): void;
  stop(): void;
}

/** Watches which blocks of the packages' own sources run, by V8's precise coverage. */
export function watchCoverage(): Coverage {
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  const unreached = new Map<string, readonly Interval[]>();
  let replaced = new Map<string, readonly Interval[] | undefined>();
  return {
    isNew() {
      replaced = new Map();
      for (const { scriptId, functions } of ownScripts(session)) {
        for (const { ranges } of functions) {
          const [whole, ...blocks] = ranges;
          if (whole === undefined || whole.count === 0) continue;
          const key = `${scriptId}:${whole.startOffset}:${whole.endOffset}`;
          const passedOver = blocks.filter(({ count }) => count === 0).map(toInterval);
          const before = unreached.get(key);
          const now = before === undefined ? passedOver : intersection(before, passedOver);
          if (before !== undefined && lengthOf(now) === lengthOf(before)) continue;
          replaced.set(key, before);
          unreached.set(key, now);
        }
      }
      return replaced.size > 0;
    },
    rewind() {
      for (const [key, before] of replaced) {
        if (before === undefined) unreached.delete(key);
        else unreached.set(key, before);
      }
    },
    stop() {
      session.disconnect();
    },
  };
}

function ownScripts(session: Session): readonly Profiler.ScriptCoverage[] {
  let scripts: readonly Profiler.ScriptCoverage[] = [];
  // A session of the same thread answers before it returns.
  session.post("Profiler.takePreciseCoverage", (_, { result }) => {
    scripts = result;
  });
  return scripts.filter(({ url }) => /\/(?:packages|apps)\/[^/]+\/src\//.test(url) && !url.includes("/node_modules/"));
}

const toInterval = ({ startOffset, endOffset }: Profiler.CoverageRange): Interval => [startOffset, endOffset];

const lengthOf = (intervals: readonly Interval[]): number =>
  intervals.reduce((sum, [start, end]) => sum + end - start, 0);

function intersection(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  return a.flatMap(([start, end]) =>
    b.flatMap(([otherStart, otherEnd]): Interval[] => {
      const common: Interval = [Math.max(start, otherStart), Math.min(end, otherEnd)];
      return common[0] < common[1] ? [common] : [];
    }),
  );
}
