import type { RunSummary, SweepRecord } from "@blora/runs";

export interface RecordFacts {
  readonly task?: string;
  readonly recipe: string;
  readonly seed?: number;
  /** Null where no evaluation of the last phase was made. */
  readonly best: number | null;
  readonly last?: number;
  readonly scope?: string;
  readonly bitOperations: number;
  readonly baseline?: number;
  readonly evaluated?: RunSummary["evaluated"];
}

/** A finished run with two sites of the given scores and costs. */
export function doneRecord(facts: RecordFacts): SweepRecord {
  const {
    task = "rte",
    recipe,
    seed = 1,
    best,
    last = best ?? 0,
    scope = "adapter",
    bitOperations,
    baseline = 1000,
    evaluated,
  } = facts;
  const record = (value: number) => ({
    step: 10,
    splits: { validation: { loss: 0.5, scores: { accuracy: value } } },
    warnings: [],
  });
  return {
    formatVersion: 2,
    name: `${task}-${recipe}-${seed}`,
    recipe,
    model: "tiny",
    task,
    seed,
    settings: {},
    settingsId: recipe,
    machine: { cpu: "a processor", cores: 2, memoryGiB: 8, node: "v20", date: "2026-01-01" },
    outcome: {
      status: "done",
      summary: {
        task,
        split: "validation",
        rows: { train: 100, eval: 50 },
        metric: { name: "accuracy", value: best },
        metrics: { best: best === null ? null : record(best), last: record(last) },
        selected: "best",
        method: {},
        baseline: { accuracy: 0.5 },
        ranks: { "layer.0.query": 4, "layer.1.query": 2 },
        bits: { "layer.0.query": { A: 4, B: 8 }, "layer.1.query": { A: 2, B: 8 } },
        bops: { scope, unit: "bit operations", macs: 1, bitOperations, baseline, ratio: bitOperations / baseline },
        engine: { id: "onnx", provider: "cpu", threads: 2, version: "1" },
        steps: 10,
        seconds: 2,
        ...(evaluated && { evaluated }),
        tokensPerSecond: 100 * seed,
        paddedTokensPerSecond: 200,
        paddingShare: 0.5,
        truncatedShare: 0,
        peakRssBytes: seed * 2 ** 20,
        seed,
        warnings: [],
        interrupted: false,
      },
    },
  };
}

export function failedRecord(recipe: string, error: string): SweepRecord {
  return { ...doneRecord({ recipe, best: 0, bitOperations: 0 }), outcome: { status: "failed", error } };
}
