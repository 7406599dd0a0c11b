import { duration } from "@blora/report";

/** How far an evaluation is. */
export interface EvaluationProgress {
  /** What is counted: rows of a split, or questions of a benchmark. */
  readonly unit: string;
  readonly done: number;
  readonly total: number;
  readonly perSecond: number;
  readonly secondsLeft: number;
}

const REDRAW_MILLISECONDS = 100;
const PLAIN_MILLISECONDS = 10_000;

/** One line that is redrawn on a terminal and ends when all is done, a plain line now and then elsewhere. */
export function createEvaluationLine(
  { isTTY, write }: { readonly isTTY: boolean; write(text: string): unknown },
  now: () => number = () => performance.now(),
): (progress: EvaluationProgress) => void {
  let last = now();
  return ({ unit, done, total, perSecond, secondsLeft }) => {
    const isOver = done >= total;
    if (isTTY ? now() - last < REDRAW_MILLISECONDS && !isOver : now() - last < PLAIN_MILLISECONDS) return;
    last = now();
    const text = `${done}/${total} ${unit}  ${perSecond.toFixed(1)} ${unit}/s  ${duration(secondsLeft)} left`;
    write(isTTY ? `\r\u001b[K${text}${isOver ? "\n" : ""}` : `${text}\n`);
  };
}
