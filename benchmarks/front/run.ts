/**
 * B-LoRA and its controls on tasks whose rows share a float warm-up, paired by
 * seed. Every finished row appends a line to `results/front`; rows that have
 * one are not run again, so the command can be stopped and repeated.
 *
 *   npm run build && npx tsx benchmarks/with-allocator.ts benchmarks/front/run.ts --tasks mnli,sst2 --seeds 1,2,3 --rows lora-8,@3.1
 *
 * A word of `--rows` picks rows by how their name begins, `@3.1` by how it ends; `--again` repeats rows that are there;
 * `--smoke` makes a few updates of each, and writes beside the runs.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { onnx } from "@blora/engine-onnx";
import { appendRecord, CONTROLS, readRecords } from "./records.ts";
import { type AnyRow, FRONT_ROWS } from "./rows.ts";
import { controlOf, finishRow, hasControl, settingsOf } from "./run-row.ts";
import { openSession, type Session } from "./session.ts";
import { FRONT_TASKS, missingFolders, smokeTest } from "./tasks.ts";

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: FRONT_TASKS.map(({ id }) => id).join() },
    seeds: { type: "string", default: "1,2,3" },
    rows: { type: "string", default: "" },
    again: { type: "boolean", default: false },
    smoke: { type: "boolean", default: false },
    threads: { type: "string", default: "2" },
    runs: { type: "string", default: "runs/front" },
    out: { type: "string" },
  },
});
const out = values.out ?? (values.smoke ? join(values.runs, "smoke") : "benchmarks/results/front");
const words = values.rows.split(",");
const chosen = FRONT_ROWS.filter(({ id }) =>
  words.some((word) => (word.startsWith("@") ? id.endsWith(word) : id.startsWith(word))),
);
const engine = onnx({ threads: Number(values.threads) });
for (const seed of values.seeds.split(",").map(Number)) {
  for (const id of values.tasks.split(",")) await runTask(id, seed);
}
await engine.release();

async function runTask(id: string, seed: number): Promise<void> {
  const task = FRONT_TASKS.find((task) => task.id === id);
  if (task === undefined) throw new Error(`--tasks: expected ${FRONT_TASKS.map(({ id }) => id).join()}, found ${id}`);
  const missing = missingFolders(task);
  if (missing.length > 0) {
    console.error(`${id} is left out: ${missing.join(" and ")} are missing. See benchmarks/front/README.md.`);
    process.exitCode = 1;
    return;
  }
  const session = await openSession(values.smoke ? smokeTest(task) : task, seed, engine, values.runs);
  for (const row of unfinished(session)) {
    const began = performance.now();
    const record = await finishRow(session, row);
    appendRecord(out, record);
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    const { share, loss, divergence, trainingLoss = Number.NaN } = record;
    console.log(
      `${id} ${seed} ${row.id}: ${(100 * share).toFixed(2)} %, loss ${loss.toFixed(4)}, divergence ${divergence.toExponential(2)}, training loss ${trainingLoss.toFixed(4)}, ${seconds} s`,
    );
  }
}

/** Rows to run, controls first, whether chosen or needed. */
function unfinished(session: Session): AnyRow[] {
  const { task, prepared } = session;
  const records = readRecords(out).filter((record) => record.task === task.id && record.seed === prepared.args.seed);
  const done = new Set(records.map(({ row, settings }) => `${row} ${settings}`));
  const isDone = (row: AnyRow): boolean => !values.again && done.has(`${row.id} ${settingsOf(session, row)}`);
  const rows = chosen.filter((row) => !isDone(row));
  const isMissing = (id: string): boolean => !hasControl(session, id);
  const missing = new Set(rows.map(controlOf).filter(isMissing));
  // The rotated control is itself compared with the plain one.
  if (missing.has(CONTROLS.rotated) && isMissing(CONTROLS.plain)) missing.add(CONTROLS.plain);
  const controls = FRONT_ROWS.filter(({ id }) => missing.has(id));
  return [...controls, ...rows.filter((row) => !controls.includes(row))];
}
