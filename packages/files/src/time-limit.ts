import { createContext, Script } from "node:vm";
import { InvalidInputError } from "@blora/spec";

/** V8 ends all JavaScript below a script whose time is up, regular expressions too. */
const script = new Script("work()");
/** Of the last attempt of a process that gets little of the processor, in limits. */
const LONGEST = 8;
const TIMED_OUT = "ERR_SCRIPT_EXECUTION_TIMEOUT";

/** Calls a pure function, and gives it up when its time is over. */
export type TimeLimit = <Result>(work: () => Result) => Result;

/**
 * A limit for what a file of somebody else shapes, a regular expression or a
 * template: these can take exponential time, or never end. Costs some 50 µs a call.
 *
 * @param milliseconds of this process's own work: where it was kept from working, the call is made again
 * @param what does not end, and where it comes from
 * @throws InvalidInputError where a function does not end in time; what the function throws passes
 */
export function createTimeLimit(milliseconds: number, what: string): TimeLimit {
  const sandbox: { work?: () => unknown } = {};
  const context = createContext(sandbox);
  return <Result>(work: () => Result): Result => {
    sandbox.work = work;
    const before = workedMilliseconds();
    for (let timeout = milliseconds; ; timeout *= 2) {
      try {
        return script.runInContext(context, { timeout }) as Result;
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== TIMED_OUT) throw cause;
        if (workedMilliseconds() - before < milliseconds / 2 && timeout < LONGEST * milliseconds) continue;
        throw new InvalidInputError(`${what} takes longer than ${milliseconds / 1000} s: expected it to end.`, {
          cause,
        });
      }
    }
  };
}

function workedMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
