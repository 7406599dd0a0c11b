import type { JobEvent } from "@blora/spec";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createSweepWatch, type SweepWatch } from "../src/output/sweep-watch.ts";

/** Seconds from the beginning. */
let clock = 0;
let written: string[] = [];
beforeEach(() => {
  vi.useFakeTimers();
  clock = 0;
  written = [];
});
afterEach(() => {
  vi.useRealTimers();
});

function watchOn(isTTY: boolean): SweepWatch {
  return createSweepWatch({ isTTY, write: (text) => void written.push(text) }, () => 1000 * clock);
}

const queued = (id: string): JobEvent => ({ type: "queued", id });
const leased = (id: string, attempt = 1): JobEvent => ({ type: "leased", id, attempt, worker: "host:7" });
const progress = (id: string, step: number, steps = 100): JobEvent => ({
  ...{ type: "progress", id, attempt: 1, at: { step, steps } },
});

function note(watch: SweepWatch, ...events: readonly JobEvent[]): void {
  for (const event of events) watch.note(event, event.id);
}

describe("a sweep that is watched where nothing is redrawn", () => {
  test("has a line for each change, and none for what is told again", () => {
    const watch = watchOn(false);
    note(watch, queued("a"), queued("b"), leased("a"), progress("a", 1), progress("a", 2));
    note(watch, { type: "lost", id: "a", attempt: 1 }, leased("a", 2));
    note(watch, { type: "done", id: "a", record: {} }, { type: "done", id: "a", record: {} });
    note(watch, { type: "failed", id: "b", error: "no such model" });
    note(watch, { type: "cancelled", id: "c" });
    expect(written.join("")).toBe(
      [
        "a: on host:7",
        "a: queued again",
        "a: on host:7, attempt 2",
        "a: done",
        "b: failed: no such model",
        "c: cancelled",
        "",
      ].join("\n"),
    );
    written = [];
    watch.end();
    expect(written).toEqual(["1 of 3 done, 0 running, 0 queued, 1 failed, 1 cancelled\n"]);
  });

  test("has the totals every half minute, and none after its end", () => {
    const watch = watchOn(false);
    note(watch, queued("a"));
    vi.advanceTimersByTime(29_000);
    expect(written).toEqual([]);
    vi.advanceTimersByTime(31_000);
    expect(written).toEqual(["0 of 1 done, 0 running, 1 queued\n", "0 of 1 done, 0 running, 1 queued\n"]);
    watch.end();
    vi.advanceTimersByTime(60_000);
    expect(written).toHaveLength(3);
  });
});

describe("a sweep that is watched on a terminal", () => {
  test("shows who does what and the time left, over what was shown before", () => {
    const watch = watchOn(true);
    note(watch, queued("a"), queued("b"), leased("a"), progress("a", 20));
    clock = 10;
    note(watch, progress("a", 40));
    expect(written).toEqual([]);
    vi.advanceTimersByTime(500);
    // Two steps a second: 60 are left of this one, 100 of the other.
    expect(written).toEqual(["host:7  a  step 40/100  30s left\n0 of 2 done, 1 running, 1 queued, 1m20s left\n"]);
    note(watch, { type: "done", id: "a", record: {} });
    watch.end();
    expect(written[1]).toBe(`${"\u001b[1A\u001b[2K".repeat(2)}1 of 2 done, 0 running, 1 queued\n`);
  });

  test("counts the speed of a run that goes on from where it went on", () => {
    const watch = watchOn(true);
    note(watch, leased("a"));
    clock = 100;
    note(watch, progress("a", 50));
    clock = 110;
    note(watch, progress("a", 60));
    watch.end();
    expect(written).toEqual(["host:7  a  step 60/100  40s left\n0 of 1 done, 1 running, 0 queued, 40s left\n"]);
  });

  test("says nothing of time before two steps, nor of steps nobody knows the number of", () => {
    const watch = watchOn(true);
    note(watch, leased("a"), progress("a", 1), leased("b"), { type: "progress", id: "b", attempt: 1, at: { step: 3 } });
    watch.end();
    expect(written).toEqual(["host:7  a  step 1/100\nhost:7  b  step 3\n0 of 2 done, 2 running, 0 queued\n"]);
  });

  test("takes progress that is told before who makes it for what is queued", () => {
    const watch = watchOn(true);
    note(watch, progress("a", 5));
    watch.end();
    expect(written).toEqual(["0 of 1 done, 0 running, 1 queued\n"]);
  });
});
