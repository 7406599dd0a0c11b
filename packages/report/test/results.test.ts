import { describe, expect, test } from "vitest";
import { gatherResults, resultsMarkdown } from "../src/index.ts";
import { doneRecord, failedRecord } from "./records.ts";

const records = [
  doneRecord({ recipe: "lora-8", seed: 1, best: 0.7, last: 0.6, bitOperations: 1000 }),
  doneRecord({ recipe: "lora-8", seed: 2, best: 0.8, last: 0.8, bitOperations: 1000 }),
  doneRecord({ recipe: "lora-2", best: 0.65, bitOperations: 250, baseline: 250 }),
  doneRecord({ recipe: "site", best: 0.75, scope: "site", bitOperations: 900, baseline: 9000 }),
  doneRecord({ recipe: "head", best: 0.6, bitOperations: 0, baseline: 0 }),
  doneRecord({ task: "mrpc", recipe: "lora-8", best: 0.9, bitOperations: 1000 }),
  failedRecord("adalora", "The training process ended by SIGSEGV."),
];
const results = gatherResults(records, "lora-8");
const row = (recipe: string, task = "rte") =>
  results.rows.find((found) => found.recipe === recipe && found.task === task)!;

describe("results", () => {
  test("join the seeds of a recipe on a task", () => {
    expect(row("lora-8")).toMatchObject({
      metric: "accuracy",
      steps: 10,
      rows: { train: 100, eval: 50 },
      majority: 0.5,
      best: { mean: 0.75, standardDeviation: expect.closeTo(Math.SQRT1_2 / 10, 10), count: 2 },
      last: { mean: 0.7 },
      meanRank: 3,
      meanBits: { A: 3, B: 8 },
      tokensPerSecond: 150,
      peakRssBytes: 2 * 2 ** 20,
      seeds: [
        { seed: 1, best: 0.7, last: 0.6 },
        { seed: 2, best: 0.8, last: 0.8 },
      ],
    });
  });

  test("have no memory where no run was told its own", () => {
    const [told, untold] = [2, 1].map((seed) => doneRecord({ recipe: "page", seed, best: 0.7, bitOperations: 1000 }));
    if (untold!.outcome.status === "done") delete (untold!.outcome.summary as { peakRssBytes?: number }).peakRssBytes;
    const alone = gatherResults([untold!], "page");
    expect(alone.rows[0]!.peakRssBytes).toBeNull();
    expect(resultsMarkdown(alone, "Runs")).toMatch(/^\| rte \| page \| 1 \|.* \| – \|$/m);
    expect(gatherResults([untold!, told!], "page").rows[0]!.peakRssBytes).toBe(2 * 2 ** 20);
  });

  test("price the reference's scope against the reference, a wider one against its own baseline", () => {
    expect(row("lora-8").cost).toBe(1);
    expect(row("lora-2").cost).toBe(0.25);
    expect(row("site").cost).toBe(0.1);
    expect(row("head").cost).toBeNull();
  });

  test("price every row against its own baseline where the reference did not run", () => {
    const own = gatherResults(records, "another");
    expect(own.reference).toBeNull();
    expect(own.rows.find(({ recipe }) => recipe === "lora-2")!.cost).toBe(1);
  });

  test("price closed adapters at nothing, and nothing against a reference that costs nothing", () => {
    const closed = [1, 2].map((seed) => doneRecord({ recipe: "closed", seed, best: 0.5, bitOperations: 0 }));
    const free = gatherResults(closed, "lora-8");
    expect(free.rows[0]!.cost).toBe(0);
    expect(resultsMarkdown(free, "Runs")).toMatch(/^\| rte \| closed \| 2 \|.* 0\.0 % \|/m);
    const others = gatherResults([...closed, ...records], "closed");
    expect(others.rows.map(({ recipe, cost }) => [recipe, cost])).toContainEqual(["lora-2", null]);
    for (const page of [free, others].map((found) => resultsMarkdown(found, "Runs")))
      expect(page).not.toMatch(/NaN|Infinity/);
  });

  test("give the mean steps of seeds of which some stopped early", () => {
    const early = doneRecord({ recipe: "early", seed: 1, best: 0.7, bitOperations: 1000 });
    const whole = doneRecord({ recipe: "early", seed: 2, best: 0.7, bitOperations: 1000 });
    if (whole.outcome.status === "done") Object.assign(whole.outcome.summary, { steps: 40 });
    expect(gatherResults([early, whole], "early").rows[0]!.steps).toBe(25);
    expect(gatherResults([whole, early], "early").rows[0]!.steps).toBe(25);
  });

  test("average a recipe over its tasks", () => {
    expect(results.overall.find(({ recipe }) => recipe === "lora-8")).toEqual({
      recipe: "lora-8",
      tasks: ["mrpc", "rte"],
      best: expect.closeTo(0.825, 10),
      last: expect.closeTo(0.8, 10),
      cost: 1,
    });
  });

  test("say nothing of a mean that lacks a task or a seed", () => {
    const records = [
      doneRecord({ recipe: "blora", task: "rte", best: null, last: 0.5, bitOperations: 10 }),
      doneRecord({ recipe: "blora", task: "mrpc", best: 1, bitOperations: 10 }),
      doneRecord({ recipe: "blora", task: "mrpc", seed: 2, best: null, last: 0.5, bitOperations: 10 }),
    ];
    const { rows, overall } = gatherResults(records, "lora-8");
    expect(rows.map(({ task, best, last }) => [task, best, last?.mean])).toEqual([
      ["mrpc", null, 0.75],
      ["rte", null, 0.5],
    ]);
    expect(overall).toMatchObject([{ best: null, last: 0.625 }]);
  });

  test("give the seconds that every seed measured, and none where one did not", () => {
    const measured = [1, 2].map((seed) =>
      doneRecord({ recipe: "lora-8", seed, best: 1, bitOperations: 1, evaluated: { rows: 50, seconds: seed } }),
    );
    const rowOf = (records: typeof measured) => gatherResults(records, "lora-8").rows[0];
    expect(rowOf(measured)).toMatchObject({
      secondsPerStep: 0.2,
      secondsPerRow: 0.03,
      seeds: [{ secondsPerRow: 0.02 }, { secondsPerRow: 0.04 }],
    });
    const other = doneRecord({ recipe: "lora-8", seed: 3, best: 1, bitOperations: 1 });
    expect(rowOf([...measured, other])).toMatchObject({ secondsPerStep: expect.closeTo(0.2, 10), secondsPerRow: null });
  });

  test("list failures apart, and each machine once", () => {
    expect(results.failures).toMatchObject([{ recipe: "adalora", error: "The training process ended by SIGSEGV." }]);
    expect(results.machines).toHaveLength(1);
  });

  test("are written with a line for each recipe and task, and for each seed", () => {
    const lines = resultsMarkdown(results, "GLUE").split("\n");
    expect(lines[0]).toBe("# GLUE");
    expect(lines).toContain(
      "| rte | lora-8 | 10 | 100/50 | 1, 2 | accuracy | 0.7500 ± 0.0707 | 0.7000 ± 0.1414 | 0.5000 | 3.0 | A 3.0, B 8.0 | adapter | 100.0 % | 0.2 | – | 150 | 2 MiB |",
    );
    expect(lines).toContain(
      "| rte | lora-8 | 2 | 0.8000 | 0.8000 | 3.0 | A 3.0, B 8.0 | 100.0 % | 0.2 | – | 200 | 2 | 2 MiB |",
    );
    expect(lines).toContain("- rte, adalora, seed 1: The training process ended by SIGSEGV.");
  });
});
