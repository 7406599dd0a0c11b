import { basename, dirname, join } from "node:path";
import { train } from "../src/train.ts";
import { RESUME_ARGUMENTS, tinyParts } from "./tiny-parts.ts";
import { gatedLora, writeTinyCheckpoint } from "./tiny-problem.ts";

/** Trains in a process of its own, telling its parent of every step, until done or killed. */
const [, , out] = process.argv;
await train({
  ...tinyParts(writeTinyCheckpoint(join(dirname(out!), `${basename(out!)}-model`)), out!),
  method: gatedLora(),
  arguments: RESUME_ARGUMENTS,
  onEvent(event) {
    if (event.type === "resume" || event.type === "warning") process.stdout.write(`${JSON.stringify(event)}\n`);
    if (event.type !== "step") return;
    process.stdout.write(`step ${event.step}\n`);
    // Long enough for the parent to hear of it and strike.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  },
});
