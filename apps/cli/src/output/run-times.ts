import type { RunEvent } from "@blora/runs";

/** Where the time of an attempt at a run went, in seconds. */
export interface RunTimes {
  /** Until its first step: what is kept is fetched, a process starts, weights and rows are read. */
  before: number;
  compiling: number;
  /** In updates and evaluations. */
  steps: number;
  /** Of checkpoints on this machine; a store gets them while steps go on. */
  saving: number;
  /** After its last step: adapter and report are written, and a store gets them. */
  after: number;
}

export interface RunClock {
  note(event: RunEvent): void;
  /** The times until now. */
  times(): RunTimes;
}

/** Begins now. Every event ends what was done since the one before. @param now in milliseconds */
export function startRunClock(now: () => number = () => performance.now()): RunClock {
  const times: RunTimes = { before: 0, compiling: 0, steps: 0, saving: 0, after: 0 };
  let last = now();
  let part: keyof RunTimes = "before";
  const passed = (): number => {
    const seconds = (now() - last) / 1000;
    last = now();
    return seconds;
  };
  return {
    note(event) {
      switch (event.type) {
        case "start":
          times.before += passed();
          part = "steps";
          return;
        case "compile": {
          const seconds = passed();
          const compiling = Math.min(seconds, event.milliseconds / 1000);
          times.compiling += compiling;
          times[part === "before" ? "before" : "steps"] += seconds - compiling;
          return;
        }
        case "step":
        case "evaluation":
          times.steps += passed();
          // What comes next is the end, unless another event says what it was.
          part = "after";
          return;
        case "checkpoint":
          times.saving += passed();
          return;
        default:
          return;
      }
    },
    times: () => ({ ...times, [part]: times[part] + (now() - last) / 1000 }),
  };
}

/** In one line. */
export function describeTimes(times: RunTimes): string {
  const all = Object.values(times).reduce((sum, seconds) => sum + seconds, 0);
  const { steps, before, compiling, saving, after } = times;
  const share = all === 0 ? 0 : (100 * steps) / all;
  const rest = Object.entries({ before, compiling, saving, after }).map(
    ([name, seconds]) => `${name} ${seconds.toFixed(2)} s`,
  );
  return `done in ${all.toFixed(2)} s: steps ${steps.toFixed(2)} s (${share.toFixed(1)} %), ${rest.join(", ")}`;
}
