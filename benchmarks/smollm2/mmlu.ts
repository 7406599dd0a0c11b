/**
 * MMLU with SmolLM2, zero- and five-shot on 10 subjects, ours and lm-evaluation-harness in turn: accuracy, the same
 * answers, and the largest difference of log-probabilities, question by question. One line for each subject and number
 * of shots; what has one is not repeated.
 *
 *   npx tsx benchmarks/smollm2/mmlu.ts --model <folder> --data <MMLU folder> --python <interpreter> --limit 20
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { onnx } from "@blora/engine-onnx";
import { evaluateLikelihood, type LikelihoodSummary } from "@blora/likelihood";
import { mmlu, subjectNames } from "@blora/task-mmlu";
import { loadTokenizer } from "@blora/tokenizer";
import { openCheckpoint } from "@blora/weights";
import { architectureOf } from "../models/architecture-of.ts";
import { startPeer } from "../peers/python-peer.ts";
import { appendRecord, isMeasured } from "./records.ts";

type Subject = (typeof subjectNames)[number];

export interface MmluResult {
  readonly subject: string;
  readonly shots: number;
  /** The subject's first so many. */
  readonly questions: number;
  readonly correct: { readonly ours: number; readonly theirs: number };
  readonly sameAnswers: number;
  /** Of the log-probabilities of A, B, C and D. */
  readonly largestDifference: number;
  readonly promptsSha256: string;
}

const { values } = parseArgs({
  options: {
    model: { type: "string" },
    data: { type: "string" },
    python: { type: "string" },
    threads: { type: "string", default: "2" },
    limit: { type: "string", default: "20" },
    shots: { type: "string", default: "0,5" },
  },
});
const { model, data, python } = values;
if (model === undefined || data === undefined || python === undefined) {
  throw new Error("expected --model <folder> --data <folder> --python <interpreter>");
}
const [threads, limit] = [Number(values.threads), Number(values.limit)];
const subjects = subjectNames.filter((_, index) => index % 6 === 0);
const tokenizer = await loadTokenizer(model);
const engine = onnx({ threads });
const peer = await startPeer(python, "mmlu.py", threads);
const scratch = mkdtempSync(join(tmpdir(), "smollm2-mmlu-"));

for (const shots of values.shots.split(",").map(Number)) {
  for (const subject of subjects) {
    const key = `${shots} ${subject}`;
    if (isMeasured("mmlu", key)) continue;
    const result = compare(subject, shots, await oursOf(subject, shots), await theirsOf(subject, shots));
    console.log(JSON.stringify(result));
    appendRecord("mmlu", key, { ...result, versions: peer.versions });
  }
}
peer.close();
rmSync(scratch, { recursive: true });
await engine.release();

function oursOf(subject: Subject, shots: number): Promise<LikelihoodSummary> {
  return evaluateLikelihood({
    architecture: architectureOf(model!),
    engine,
    tokenizer,
    checkpoint: openCheckpoint(model!),
    model: "SmolLM2-135M-Instruct",
    data: data!,
    task: mmlu({ shots, subjects: [subject], limit }),
  });
}

/** Log-probabilities of the choices, question by question. */
async function theirsOf(subject: Subject, shots: number): Promise<number[][]> {
  const out = join(scratch, "theirs.json");
  await peer.ask({ model, data, subjects: [subject], shots, limit, batchSize: 1, out });
  return JSON.parse(readFileSync(out, "utf8"))[subject];
}

function compare(subject: Subject, shots: number, ours: LikelihoodSummary, theirs: number[][]): MmluResult {
  const { answers, promptsSha256 } = ours;
  const chosen = theirs.map((row) => row.indexOf(Math.max(...row)));
  const count = (isCounted: (index: number) => boolean) => answers.filter((_, index) => isCounted(index)).length;
  return {
    subject,
    shots,
    questions: answers.length,
    correct: {
      ours: count((index) => answers[index]!.chosen === answers[index]!.answer),
      theirs: count((index) => chosen[index] === answers[index]!.answer),
    },
    sameAnswers: count((index) => answers[index]!.chosen === chosen[index]),
    largestDifference: Math.max(
      ...answers.flatMap(({ logLikelihoods }, index) =>
        logLikelihoods.map((value, choice) => Math.abs(value - theirs[index]![choice]!)),
      ),
    ),
    promptsSha256,
  };
}
