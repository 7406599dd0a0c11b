import { describe, expect, test } from "vitest";
import { type Farm, simulate } from "../simulation.ts";

const FREE = { poll: 0, claim: 0, renew: 0, progress: 0, complete: 0 };
const farm: Farm = {
  workers: 1,
  jobs: 10,
  run: { steps: 100, start: 3, end: 2, checkpoints: 4, checkpointBytes: 0, resultBytes: 0 },
  speedDeviation: 0,
  failures: { mean: Number.POSITIVE_INFINITY, away: 0 },
  times: { lease: 60, renewal: 5, progress: 1, poll: 1 },
  server: FREE,
  store: { bytesPerSecond: Number.POSITIVE_INFINITY, perFile: 0 },
  limit: Number.POSITIVE_INFINITY,
  seed: 1,
};

describe("one worker", () => {
  test("does one job after the other, with what comes before and after each", () => {
    const server = { ...FREE, claim: 0.25, complete: 0.5 };
    const outcome = simulate({ ...farm, server });
    expect(outcome.seconds).toBeCloseTo(10 * (0.25 + 3 + 100 + 2 + 0.5), 9);
    expect(outcome.inSteps).toBeCloseTo(100 / 105.75, 12);
    expect(outcome.efficiency).toBeCloseTo(100 / 105.75, 12);
    expect(outcome).toMatchObject({ done: 10, attempts: 10, expired: 0 });
  });

  test("sends checkpoints while steps go on, and waits for those that are left and the result", () => {
    const store = { bytesPerSecond: 10, perFile: 1 };
    const run = { ...farm.run, start: 0, end: 0, checkpointBytes: 100, resultBytes: 20 };
    // Each of four takes 11 s, in 25 s of steps: the last one is waited for, then the result takes 3 s.
    expect(simulate({ ...farm, run, store }).seconds).toBeCloseTo(10 * (100 + 11 + 3), 9);
    // With 26 s each, the store is the slower one: 25 s, then four after each other.
    const slow = { bytesPerSecond: 4, perFile: 1 };
    expect(simulate({ ...farm, jobs: 1, run, store: slow }).seconds).toBeCloseTo(25 + 4 * 26 + 6, 9);
  });

  test.each([1, 4])("that fails takes what theory expects with %i checkpoints", (checkpoints) => {
    const [mean, away, jobs] = [200, 10, 4000];
    const outcome = simulate({
      ...farm,
      jobs,
      run: { ...farm.run, start: 0, end: 0, checkpoints },
      failures: { mean, away },
      // Its lease ran out when it is back.
      times: { lease: 4, renewal: 1, progress: Number.POSITIVE_INFINITY, poll: 1e-3 },
    });
    const expected = checkpoints * Math.expm1(100 / checkpoints / mean) * (mean + away);
    expect(Math.abs(outcome.seconds / jobs / expected - 1)).toBeLessThan(0.03);
    expect([outcome.done, outcome.attempts > jobs, outcome.expired]).toEqual([jobs, true, 0]);
  });
});

describe("equal workers", () => {
  test.each([
    [4, 10, 3],
    [10, 10, 1],
    [20, 10, 1],
    [5, 100, 20],
  ])("%i of them do %i jobs in %i rounds", (workers, jobs, rounds) => {
    const outcome = simulate({ ...farm, workers, jobs });
    expect(outcome.seconds).toBeCloseTo(105 * rounds, 9);
    expect(outcome.efficiency).toBeCloseTo((jobs * 100) / workers / (105 * rounds), 12);
    expect(outcome.inSteps).toBeCloseTo(100 / 105, 12);
  });

  const short: Farm = {
    ...farm,
    jobs: 2000,
    run: { steps: 1, start: 0, end: 0, checkpoints: 1, checkpointBytes: 0, resultBytes: 0 },
    times: { lease: 1e9, renewal: 1e9, progress: 1e9, poll: 1 },
  };

  test("are as fast as their server, and no faster", () => {
    const server = { ...FREE, claim: 0.03, complete: 0.02 };
    const few = simulate({ ...short, workers: 5, server });
    expect(few.seconds).toBeGreaterThanOrEqual((2000 * 1.05) / 5 - 1e-6);
    expect(few.seconds).toBeLessThan(((2000 * 1.05) / 5) * 1.05);
    const many = simulate({ ...short, workers: 100, server });
    expect(many.seconds).toBeGreaterThanOrEqual(2000 / 20);
    expect(many.seconds).toBeLessThan(2000 / 20 + 2);
    expect(many.busy.server).toBeGreaterThan(0.98);
  });

  test("are as fast as their store, and no faster", () => {
    const run = { ...short.run, checkpointBytes: 100, resultBytes: 50 };
    const many = simulate({ ...short, workers: 100, run, store: { bytesPerSecond: 1000, perFile: 0.05 } });
    const seconds = 2000 * (0.15 + 0.1);
    expect(many.seconds).toBeGreaterThanOrEqual(seconds);
    expect(many.seconds).toBeLessThan(seconds + 2);
    expect(many.busy.store).toBeGreaterThan(0.98);
  });

  test("lose their leases to a server that cannot keep up with what they tell", () => {
    const run = { ...farm.run, steps: 1000 };
    const server = { ...FREE, progress: 0.2, renew: 0.01 };
    const outcome = simulate({ ...farm, workers: 10, run, server, limit: 2000 });
    expect([outcome.done, outcome.expired > 0, outcome.busy.server]).toEqual([0, true, 1]);
    expect(simulate({ ...farm, workers: 4, run, server, limit: 1e5 })).toMatchObject({ done: 10, expired: 0 });
  });
});

describe("unequal workers that fail", () => {
  const many: Farm = {
    ...farm,
    workers: 30,
    jobs: 300,
    speedDeviation: 0.4,
    failures: { mean: 500, away: 60 },
    server: { poll: 1e-4, claim: 1e-3, renew: 1e-4, progress: 1e-4, complete: 1e-3 },
  };

  test("do every job once, in the same way for the same seed", () => {
    const outcome = simulate(many);
    expect(outcome.done).toBe(300);
    expect(outcome.attempts).toBeGreaterThan(300);
    expect(outcome.efficiency).toBeLessThan(outcome.inSteps);
    expect(simulate(many)).toEqual(outcome);
    expect(simulate({ ...many, seed: 2 }).seconds).not.toBe(outcome.seconds);
  });

  test("lose less with checkpoints than without", () => {
    const without = simulate({ ...many, run: { ...many.run, checkpoints: 1 } });
    expect(simulate(many).inSteps).toBeGreaterThan(without.inSteps);
  });
});
