import { duration } from "@blora/report";
import type { RunEvent } from "@blora/runs";
import type { EngineDescription } from "@blora/spec";
import { inFlags } from "./in-flags.ts";
import { scoresLine } from "./scores-line.ts";

/** Where lines go. */
export interface Output {
  readonly isTTY: boolean;
  write(text: string): void;
}

const REDRAW_MILLISECONDS = 100;
const PLAIN_EVERY_STEPS = 50;

/** Shows the events of a run: one line that is redrawn on a terminal, a plain line now and then elsewhere. */
export function createProgress(output: Output): (event: RunEvent) => void {
  let lastDraw = 0;
  let metric = "";
  const line = (text: string) => output.write(output.isTTY ? `\r\u001b[K${text}\n` : `${text}\n`);

  return (event) => {
    switch (event.type) {
      case "start":
        return line(
          `${event.task}: ${event.trainRows.toLocaleString("en")} rows, ${event.totalSteps} steps, ${event.sites} sites, ` +
            `${event.trainableParameters.toLocaleString("en")} trainable parameters, ${engineName(event.engine)}`,
        );
      case "resume":
        return line(`resumed at step ${event.step} from ${event.folder}`);
      case "note":
        return line(event.message);
      case "warning":
        return line(`warning: ${inFlags(event.message)}`);
      case "evaluation":
        metric = scoresLine(event.scores);
        return line(`step ${event.step}  ${event.split}  loss ${event.loss.toFixed(4)}  ${metric}`);
      case "step": {
        const text = stepLine(event);
        if (!output.isTTY) return event.step % PLAIN_EVERY_STEPS === 0 ? line(text) : undefined;
        const now = performance.now();
        if (now - lastDraw < REDRAW_MILLISECONDS && event.step < event.totalSteps) return undefined;
        lastDraw = now;
        return output.write(`\r\u001b[K${text}`);
      }
      default:
        return undefined;
    }
  };
}

function engineName({ id, provider, threads, precision, note }: EngineDescription): string {
  const parts = [`${id} on ${provider}`, `${threads} ${threads === 1 ? "thread" : "threads"}`, precision, note];
  return parts.filter((part) => part !== undefined).join(", ");
}

function stepLine(event: Extract<RunEvent, { type: "step" }>): string {
  return [
    `step ${event.step}/${event.totalSteps}`,
    event.phase,
    `loss ${event.loss.toFixed(4)}`,
    event.penalty === undefined ? undefined : `penalty ${event.penalty.toFixed(4)}`,
    `${Math.round(event.tokensPerSecond).toLocaleString("en")} tokens/s`,
    `${duration(event.secondsLeft)} left`,
  ]
    .filter((part) => part !== undefined)
    .join("  ");
}
