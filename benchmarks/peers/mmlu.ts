/**
 * Five-shot MMLU on a random model, ours and lm-evaluation-harness in turn, at each of its batch sizes:
 * questions a second, and whether they answer alike. Every sixth subject, its
 * first 30 questions: 300 in all.
 *
 *   npx tsx benchmarks/mmlu/random-qwen2.ts --tokenizer <folder> --out <model>
 *   npm run bench:mmlu-peer -- --model <model> --data <MMLU folder> --python ~/venv/bin/python --threads 2
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { onnx } from "@blora/engine-onnx";
import { evaluateLikelihood, type LikelihoodSummary } from "@blora/likelihood";
import { lora } from "@blora/lora";
import { machine } from "@blora/runs";
import { mmlu, subjectNames } from "@blora/task-mmlu";
import { loadTokenizer } from "@blora/tokenizer";
import { openCheckpoint } from "@blora/weights";
import { architectureOf } from "../models/architecture-of.ts";
import { startPeer } from "./python-peer.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string" },
    data: { type: "string" },
    python: { type: "string" },
    threads: { type: "string", default: "2" },
    limit: { type: "string", default: "30" },
    subjects: { type: "string", default: subjectNames.filter((_, index) => index % 6 === 0).join(",") },
    /** Of the harness; `auto` lets it choose. */
    "batch-sizes": { type: "string", default: "1" },
    out: { type: "string" },
  },
});
const { model, data, python } = values;
if (model === undefined || data === undefined || python === undefined) {
  throw new Error("expected --model <folder> --data <folder> --python <interpreter>");
}
const threads = Number(values.threads);
const limit = Number(values.limit);
const subjects = values.subjects.split(",") as (typeof subjectNames)[number][];
const shots = 5;

/** Everything a user waits for once the program runs: tokenizer, graphs and all. */
async function ours(): Promise<{ seconds: number; summary: LikelihoodSummary }> {
  const engine = onnx({ threads });
  const start = performance.now();
  const summary = await evaluateLikelihood({
    architecture: architectureOf(model!),
    method: lora(),
    engine,
    tokenizer: await loadTokenizer(model!),
    checkpoint: openCheckpoint(model!),
    model: model!,
    data: data!,
    task: mmlu({ shots, subjects, limit }),
  });
  const seconds = (performance.now() - start) / 1000;
  await engine.release();
  return { seconds, summary };
}

const scratch = mkdtempSync(join(tmpdir(), "mmlu-peer-"));
const peer = await startPeer(python, "mmlu.py", threads);
const first = await ours();
const out = join(scratch, "theirs.json");
const theirs: Record<string, number> = {};
for (const batchSize of values["batch-sizes"].split(",")) {
  const size = batchSize === "auto" ? batchSize : Number(batchSize);
  theirs[batchSize] = (await peer.ask({ model, data, subjects, shots, limit, batchSize: size, out })).seconds!;
}
const second = await ours();
peer.close();

// Of the last batch size: padding changes the last digits of the others.
const expected = Object.entries(JSON.parse(readFileSync(out, "utf8")) as Record<string, number[][]>);
rmSync(scratch, { recursive: true });
const logLikelihoods = new Map<string, number[]>(
  expected.flatMap(([subject, questions]) => questions.map((row, index) => [`${subject}/${index + 1}`, row] as const)),
);
const { answers } = first.summary;
let largestDifference = 0;
let sameAnswers = 0;
for (const { id, chosen, logLikelihoods: found } of answers) {
  const wanted = logLikelihoods.get(id)!;
  largestDifference = Math.max(largestDifference, ...found.map((value, index) => Math.abs(value - wanted[index]!)));
  if (chosen === wanted.indexOf(Math.max(...wanted))) sameAnswers++;
}
const rate = (seconds: number): number => answers.length / seconds;
const byBatchSize = (of: (seconds: number) => number): Record<string, number> =>
  Object.fromEntries(Object.entries(theirs).map(([size, seconds]) => [size, of(seconds)]));
const result = {
  questions: answers.length,
  subjects,
  shots,
  threads,
  questionsPerSecond: {
    ours: [rate(first.seconds), rate(second.seconds)],
    theirs: byBatchSize((seconds) => rate(seconds)),
  },
  ratios: byBatchSize((seconds) => (2 * seconds) / (first.seconds + second.seconds)),
  sameAnswers,
  largestLogProbabilityDifference: largestDifference,
  tokensComputed: first.summary.thisRun.tokens,
  protocol: first.summary.protocol,
  promptsSha256: first.summary.promptsSha256,
};
console.log(JSON.stringify(result, null, 2));
if (values.out !== undefined) {
  writeFileSync(values.out, `${JSON.stringify({ ...machine(), peer: peer.versions, ...result }, null, 2)}\n`);
}
