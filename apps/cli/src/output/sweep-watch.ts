import { duration } from "@blora/report";
import type { JobEvent } from "@blora/spec";
import type { Output } from "./progress.ts";

/** A run that somebody does. */
interface Running {
  readonly worker: string;
  readonly attempt: number;
  /** Where and when this watcher saw it first, in milliseconds. */
  readonly from: { readonly step: number; readonly at: number };
  readonly step: number;
  readonly steps: number | undefined;
}

type State = Running | "queued" | "done" | "failed" | "cancelled";

const REDRAW_MILLISECONDS = 500;
const PLAIN_MILLISECONDS = 30_000;

export interface SweepWatch {
  note(event: JobEvent, name: string): void;
  end(): void;
}

/** Shows who does which run, how far each is, and what time is left: redrawn on a terminal, a line for each change elsewhere. */
export function createSweepWatch(output: Output, now: () => number = () => performance.now()): SweepWatch {
  const states = new Map<string, State>();
  let drawn = 0;
  const draw = (): void => {
    if (!output.isTTY) return void output.write(`${totals(states, now())}\n`);
    const lines = [...runningLines(states, now()), totals(states, now())];
    output.write(`${"\u001b[1A\u001b[2K".repeat(drawn)}${lines.join("\n")}\n`);
    drawn = lines.length;
  };
  const timer = setInterval(draw, output.isTTY ? REDRAW_MILLISECONDS : PLAIN_MILLISECONDS);
  return {
    note(event, name) {
      const before = states.get(name);
      const state = next(before, event, now());
      states.set(name, state);
      const line = lineOf(event, name);
      if (!output.isTTY && line !== undefined && before !== state) output.write(`${line}\n`);
    },
    end() {
      clearInterval(timer);
      draw();
    },
  };
}

function next(before: State | undefined, event: JobEvent, at: number): State {
  const running = typeof before === "object" ? before : undefined;
  switch (event.type) {
    case "queued":
    case "lost":
      return "queued";
    case "leased": {
      const { worker, attempt } = event;
      return { worker, attempt, from: { step: 0, at }, step: 0, steps: undefined };
    }
    case "progress": {
      const { step, steps } = event.at;
      if (running === undefined) return before ?? "queued";
      // A run that goes on begins at its checkpoint.
      const from = running.steps === undefined ? { step, at } : running.from;
      return { ...running, from, step, steps };
    }
    default:
      return event.type;
  }
}

function lineOf(event: JobEvent, name: string): string | undefined {
  switch (event.type) {
    case "leased":
      return `${name}: on ${event.worker}${event.attempt > 1 ? `, attempt ${event.attempt}` : ""}`;
    case "lost":
      return `${name}: queued again`;
    case "failed":
      return `${name}: failed: ${event.error}`;
    case "done":
    case "cancelled":
      return `${name}: ${event.type}`;
    default:
      return undefined;
  }
}

function runningLines(states: ReadonlyMap<string, State>, at: number): string[] {
  return [...states].flatMap(([name, state]) => {
    if (typeof state !== "object") return [];
    const { worker, step, steps } = state;
    const left = steps === undefined ? undefined : (steps - step) / rateOf(state, at);
    const parts = [worker, name, `step ${step}${steps === undefined ? "" : `/${steps}`}`, timeLeft(left)];
    return [parts.filter((part) => part !== undefined).join("  ")];
  });
}

/** Steps a second. */
function rateOf({ step, from }: Running, at: number): number {
  return (1000 * (step - from.step)) / Math.max(1, at - from.at);
}

function timeLeft(seconds: number | undefined): string | undefined {
  return seconds === undefined || !Number.isFinite(seconds) ? undefined : `${duration(seconds)} left`;
}

/** Those that wait are taken to be as long as those that run, and to be done by as many. */
function totals(states: ReadonlyMap<string, State>, at: number): string {
  const all = [...states.values()];
  const running = all.filter((state) => typeof state === "object");
  const countOf = (state: State): number => all.filter((other) => other === state).length;
  const queued = countOf("queued");
  const known = running.filter(({ steps }) => steps !== undefined);
  const meanSteps = known.reduce((sum, { steps = 0 }) => sum + steps, 0) / known.length;
  const stepsLeft = known.reduce((sum, { step, steps = 0 }) => sum + steps - step, 0) + queued * meanSteps;
  const rate = known.reduce((sum, state) => sum + rateOf(state, at), 0);
  const parts = [
    `${countOf("done")} of ${all.length} done`,
    `${running.length} running`,
    `${queued} queued`,
    countOf("failed") === 0 ? undefined : `${countOf("failed")} failed`,
    countOf("cancelled") === 0 ? undefined : `${countOf("cancelled")} cancelled`,
    running.length === 0 ? undefined : timeLeft(stepsLeft / rate),
  ];
  return parts.filter((part) => part !== undefined).join(", ");
}
