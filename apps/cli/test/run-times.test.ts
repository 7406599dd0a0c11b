import type { RunEvent } from "@blora/runs";
import { expect, test } from "vitest";
import { describeTimes, startRunClock } from "../src/output/run-times.ts";

test("every event ends what was done since the one before", () => {
  let time = 1000;
  const clock = startRunClock(() => time);
  const after = (seconds: number, event: Partial<RunEvent>): void => {
    time += 1000 * seconds;
    clock.note(event as RunEvent);
  };
  after(0.5, { type: "note" });
  after(0.5, { type: "start" });
  after(0.25, { type: "compile", milliseconds: 200 });
  after(2, { type: "step" });
  after(3, { type: "evaluation" });
  after(0.125, { type: "checkpoint" });
  after(4, { type: "step" });
  // A pass of another length is compiled within a step.
  after(1.5, { type: "compile", milliseconds: 500 });
  after(1, { type: "step" });
  after(0.25, { type: "checkpoint" });
  after(0.75, { type: "finish" });
  time += 254;
  const times = clock.times();
  expect(times.before).toBeCloseTo(1, 9);
  expect(times.compiling).toBeCloseTo(0.7, 9);
  expect(times.steps).toBeCloseTo(0.05 + 2 + 3 + 4 + 1 + 1, 9);
  expect(times.saving).toBeCloseTo(0.375, 9);
  expect(times.after).toBeCloseTo(1.004, 9);
  expect(describeTimes(times)).toBe(
    "done in 14.13 s: steps 11.05 s (78.2 %), before 1.00 s, compiling 0.70 s, saving 0.38 s, after 1.00 s",
  );
});

test("a run that was done before has no steps", () => {
  let time = 0;
  const clock = startRunClock(() => time);
  time = 250;
  expect(clock.times()).toEqual({ before: 0.25, compiling: 0, steps: 0, saving: 0, after: 0 });
});
