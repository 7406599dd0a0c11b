import type { RunSummary } from "@blora/runs";

/** What a run took by its own clock, without compiling; null where it measured nothing. */
export interface Measured {
  /** Seconds of a training step. */
  readonly secondsPerStep: number | null;
  /** Seconds of a row that an evaluation answered. */
  readonly secondsPerRow: number | null;
}

export function measuredOf({
  steps,
  seconds,
  evaluated,
}: Pick<RunSummary, "steps" | "seconds" | "evaluated">): Measured {
  return { secondsPerStep: quotient(seconds, steps), secondsPerRow: quotient(evaluated?.seconds, evaluated?.rows) };
}

function quotient(seconds: number | undefined, count: number | undefined): number | null {
  return seconds === undefined || count === undefined || seconds === 0 || count === 0 ? null : seconds / count;
}

/** What was measured, and its seconds: nothing else is shown. */
export function measuredLines(summary: Pick<RunSummary, "steps" | "seconds" | "evaluated">): [string, string][] {
  const { secondsPerStep, secondsPerRow } = measuredOf(summary);
  const named = [
    ["training step", secondsPerStep],
    ["evaluated row", secondsPerRow],
  ] as const;
  return named.flatMap(([name, seconds]): [string, string][] =>
    seconds === null ? [] : [[name, secondsText(seconds)]],
  );
}

/** Three digits that count. */
export function secondsText(seconds: number | null | undefined): string {
  return seconds === null || seconds === undefined ? "–" : String(Number(seconds.toPrecision(3)));
}

/** What computed: `onnx on cpu, 2 threads, int8`. */
export function engineText({ id, provider, threads, precision = "float32" }: RunSummary["engine"]): string {
  return `${id} on ${provider}, ${threads} ${threads === 1 ? "thread" : "threads"}, ${precision}`;
}
