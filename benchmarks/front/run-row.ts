import { existsSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "@blora/files";
import { lora } from "@blora/lora";
import { machine } from "@blora/runs";
import { FLOAT_BITS } from "@blora/spec";
import { readTensors, writeTensors } from "@blora/weights";
import { type Answers, divergenceOf } from "./answers.ts";
import { loraQuant } from "./loraquant.ts";
import { type Evaluated, evaluateRow, type Spent, spentBy } from "./measure.ts";
import { CONTROLS, type FrontRecord } from "./records.ts";
import type { AnyRow, FrontRow, LoraQuantRow } from "./rows.ts";
import { readStage, type Session, saveStage, trainRow, warmUp } from "./session.ts";

/** Updates the recorded training loss is the mean of. */
const LAST_UPDATES = 40;

/** The float control a row's answers are compared with. */
export function controlOf(row: AnyRow): string {
  return "create" in row && row.rotated && row.id !== CONTROLS.rotated ? CONTROLS.rotated : CONTROLS.plain;
}

/** What a row depends on, hashed: task, seed and data through the session, and the options of its method. */
export function settingsOf({ folder, task }: Session, row: AnyRow): string {
  const own = "create" in row ? { ...row, method: row.create(task) } : row;
  return sha256(JSON.stringify([folder, own])).slice(0, 12);
}

/** Whether the answers of a control are there for other rows. */
export function hasControl(session: Session, id: string): boolean {
  return existsSync(answersFile(session, id));
}

/** Trains and evaluates one row, and keeps what other rows need of a control. Controls come first. */
export async function finishRow(session: Session, row: AnyRow): Promise<FrontRecord> {
  return "create" in row ? trainedRow(session, row) : roundedRow(session, row);
}

async function trainedRow(session: Session, row: FrontRow): Promise<FrontRecord> {
  const { warmupRank, learningRate } = row;
  const method = row.create(session.task);
  const from = warmupRank === undefined ? undefined : await warmUp(session, warmupRank);
  const trained = await trainRow(session, method, { from, learningRate });
  const evaluated = await evaluateRow(session, method, trained.state);
  const isControl = Object.values<string>(CONTROLS).includes(row.id);
  if (isControl) await saveStage(join(session.folder, row.id), trained);
  if (isControl) writeAnswers(session, row.id, evaluated.answers);
  const last = trained.losses.slice(-LAST_UPDATES);
  return recordOf(session, row, evaluated, {
    ...spentBy(session, method, trained.state),
    budget: row.budget,
    seconds: trained.seconds,
    trainingLoss: last.reduce((sum, loss) => sum + loss, 0) / last.length,
  });
}

/** LoRAQuant of the float control. */
async function roundedRow(session: Session, row: LoraQuantRow): Promise<FrontRecord> {
  const began = performance.now();
  const stage = await readStage(join(session.folder, CONTROLS.plain));
  if (stage === undefined) throw new Error(`${session.folder}: expected ${CONTROLS.plain}, found none`);
  const { state } = stage;
  let [codeBits, scaleBits, size] = [0, 0, 0];
  const bits: Record<string, number> = {};
  for (const path of state.paths) {
    const { A, B } = state.adapter(path).parameters;
    const rounded = loraQuant({ rank: A!.shape[0]!, A: A!.values, B: B!.values }, row);
    A!.values.set(rounded.A);
    B!.values.set(rounded.B);
    codeBits += rounded.codeBits;
    scaleBits += rounded.scaleBits;
    size += A!.values.length + B!.values.length;
    for (let component = 0; component < rounded.rank; component++) {
      const width = component < rounded.highRank ? row.highBits : 1;
      bits[width] = (bits[width] ?? 0) + 2;
    }
  }
  const method = lora();
  const evaluated = await evaluateRow(session, method, state);
  const [share, stored] = [codeBits, codeBits + scaleBits].map((total) => total / size / FLOAT_BITS);
  return recordOf(session, row, evaluated, {
    ...spentBy(session, method, state),
    share: share!,
    stored: stored!,
    budget: stored!,
    bits,
    seconds: (performance.now() - began) / 1000,
  });
}

type Costs = Spent & Pick<FrontRecord, "budget" | "seconds" | "trainingLoss">;

async function recordOf(
  session: Session,
  row: AnyRow,
  { loss, scores, answers }: Evaluated,
  costs: Costs,
): Promise<FrontRecord> {
  const { prepared, engine, task, precision } = session;
  const { model, args } = prepared;
  const control = readAnswers(session, controlOf(row));
  const { cpu, cores, node, commit, date } = machine();
  return {
    task: task.id,
    seed: args.seed,
    row: row.id,
    method: row.method,
    loss,
    metric: task.task.primaryMetric,
    scores,
    divergence: await divergenceOf(answers, control, model, engine),
    ...costs,
    settings: settingsOf(session, row),
    precision,
    cpu,
    cores,
    node,
    ...(commit !== undefined && { commit }),
    date,
  };
}

function answersFile({ folder }: Session, id: string): string {
  return join(folder, `${id}.answers.safetensors`);
}

function writeAnswers(session: Session, id: string, { values, width }: Answers): void {
  writeTensors(answersFile(session, id), { answers: { shape: [values.length / width, width], values } });
}

function readAnswers(session: Session, id: string): Answers {
  const { shape, values } = readTensors(answersFile(session, id)).get("answers")!;
  return { values, width: shape[1]! };
}
