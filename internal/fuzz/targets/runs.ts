import { mkdirSync, readFileSync } from "node:fs";
import { createLockWatch, LOCK_FILE } from "@blora/files";
import { gatherResults, reportHtml, reportMarkdown, resultsMarkdown } from "@blora/report";
import { newestCheckpoint, readRecords, readRun } from "@blora/runs";
import { registry } from "../../../apps/cli/src/registry.ts";
import { toConfigs } from "../../../apps/cli/src/run/config-file.ts";
import { doneRecord } from "../../../packages/report/test/records.ts";
import { writeSampleRun } from "../../../packages/report/test/sample-run.ts";
import type { Target } from "../target.ts";
import { naming } from "./naming.ts";

const FILES = ["blora-run.json", "metrics.jsonl", "summary.json", "ledger.json", "answers.json"] as const;

/** How a run answered, of each kind: the sample run says nothing of it. */
const ANSWERS: readonly string[] = [
  {
    kind: "class",
    labels: ["a", "b"],
    counts: [
      [0, 0, 3],
      [0, 1, 1],
      [1, 1, 2],
    ],
  },
  {
    kind: "several",
    labels: ["a", "b"],
    counts: [
      [1, 2, 3],
      [0, 0, 1],
    ],
  },
  {
    kind: "number",
    rows: 3,
    pairs: [
      [0, 0.5],
      [1, 1.5],
    ],
  },
].map((answers) => JSON.stringify({ split: "validation", step: 40, answers }));

/** A file of a run's folder, of which the report is written as text or, which takes a hundred times as long, as a page with figures. */
const runFile = (kind: "run" | "page", file: (typeof FILES)[number]): Target => {
  let intact: readonly (string | Uint8Array)[] = [];
  return {
    name: `${kind}-${file.replace(/\.jsonl?$/, "")}`,
    names: `${kind}-`,
    words: [
      "accuracy",
      "loss",
      "evaluationLoss",
      "gates",
      "scores",
      "step",
      "ranks",
      "bits",
      "bops",
      "best",
      "last",
      "\n",
      "<script>",
    ],
    json: file !== "metrics.jsonl",
    tried: kind === "run" ? 340 : 4,
    seeds: () => intact,
    async setUp(place) {
      await writeSampleRun(place.folder);
      intact = file === "answers.json" ? ANSWERS : [readFileSync(place.at(file))];
    },
    async read(bytes, place) {
      place.write(file, bytes);
      const files = await readRun(place.folder);
      if (kind === "run") reportMarkdown(files);
      else await reportHtml(files);
    },
  };
};

const record: Target = {
  name: "sweep-record",
  names: "sweep-record",
  words: ["done", "failed", "status", "summary", "outcome", "error", "adapter", "accuracy", "metrics", "best", "last"],
  json: true,
  tried: 340,
  seeds: () => [
    JSON.stringify(doneRecord({ recipe: "blora", best: 0.5, bitOperations: 100 })),
    JSON.stringify({
      ...doneRecord({ recipe: "x", best: null, bitOperations: 1 }),
      outcome: { status: "failed", error: "e" },
    }),
  ],
  setUp(place) {
    mkdirSync(place.at("runs"), { recursive: true });
    place.write("runs/lora.json", JSON.stringify(doneRecord({ recipe: "lora", best: 0.4, bitOperations: 1000 })));
  },
  async read(bytes, place) {
    place.write("runs/blora.json", bytes);
    const records = await readRecords(place.folder);
    resultsMarkdown(gatherResults([...records.values()], "lora"), "Results");
  },
};

const checkpoint: Target = {
  name: "checkpoint-marker",
  names: "checkpoint-",
  words: ["formatVersion", "step", "files", "bytes", "sha256", "state.json", "../", "/etc/passwd", "\0"],
  json: true,
  tried: 340,
  seeds: () => [
    JSON.stringify({
      formatVersion: 2,
      step: 3,
      files: { "state.json": { bytes: 2, sha256: "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" } },
    }),
  ],
  setUp(place) {
    mkdirSync(place.at("checkpoint-3"), { recursive: true });
    place.write("checkpoint-3/state.json", "{}");
  },
  async read(bytes, place) {
    place.write("checkpoint-3/complete.json", bytes);
    await newestCheckpoint(place.folder, () => undefined);
  },
};

const lock: Target = {
  name: "run-lock",
  names: "run-lock",
  words: ["pid", "host", "started", "token", "process"],
  json: true,
  tried: 340,
  seeds: () => [JSON.stringify({ pid: 1, host: "h", started: "2026-01-01T00:00:00.000Z", token: "t" })],
  read(bytes, place) {
    place.write(LOCK_FILE, bytes);
    return createLockWatch().judge(place.at(LOCK_FILE));
  },
};

const manifest = (kind: string, options: object = {}): object => ({ $plugin: kind, options });

/** What a configuration file exports, and the manifests a run was started with. */
const runConfig: Target = {
  name: "run-config",
  names: "run-config",
  words: [
    ...[
      "$plugin",
      "options",
      "task",
      "method",
      "training",
      "plugins",
      "name",
      "method/blora",
      "task/glue",
      "gate/hard-concrete",
    ],
    ...[
      "quantizer/uniform",
      "method/lora",
      "epochs",
      "seed",
      "bits",
      "rank",
      "scope",
      "learningRate",
      "batchSize",
      "quantizer",
    ],
  ],
  json: true,
  tried: 340,
  seeds: () =>
    [
      {
        task: manifest("task/glue", { task: "rte" }),
        method: manifest("method/lora", { rank: 4 }),
        training: { epochs: 1, seed: 3 },
        plugins: ["x"],
      },
      {
        task: manifest("task/instruct"),
        method: manifest("method/blora", { quantizer: manifest("quantizer/uniform", { bits: [0, 2, 4, 8] }), rank: 4 }),
        training: { maxSeqLength: 8, learningRate: 0.1 },
      },
    ].map((seed) => JSON.stringify(seed)),
  read(bytes) {
    naming("run-config", () => {
      const config = json(bytes);
      if (typeof config !== "object" || config === null) return;
      for (const kind of ["task", "method"] as const) {
        const part = (config as Record<string, unknown>)[kind];
        if (part !== undefined) registry.resolve(part, kind);
      }
      toConfigs("run-config", config);
    });
  },
};

/** A configuration file is code, which ran: what it exports may be anything, but no broken JSON. */
function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}

export const runTargets: readonly Target[] = [
  ...FILES.map((file) => runFile("run", file)),
  ...FILES.map((file) => runFile("page", file)),
  ...[record, checkpoint, lock, runConfig],
];
