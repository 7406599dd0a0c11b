/**
 * Phi-2 at its full size, 2.78 billion parameters in float16 with random values: training steps of LoRA and B-LoRA, generation
 * and reading of questions, each in a process of its own. How much memory that nothing backs (private), how much of files
 * (mapped), both at once (resident), and tokens a second.
 *
 *   npm run bench:phi-2 -- --data <folder with configs, tokenizers and mmlu> --runs <folder with 12 GB of room>
 *
 * With `--python ~/venv/bin/python` also LoRA of PyTorch and PEFT on the same checkpoint (`phi_2.py`).
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { trainingEnvironment } from "@blora/cli";
import { machine } from "@blora/runs";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    runs: { type: "string", default: "runs/phi-2" },
    layers: { type: "string", default: "32" },
    length: { type: "string", default: "512" },
    steps: { type: "string", default: "2" },
    cases: { type: "string" },
    /** An interpreter that has torch, transformers and peft. */
    python: { type: "string" },
    out: { type: "string", default: "benchmarks/results/phi-2-memory.json" },
  },
});
if (values.data === undefined)
  throw new Error("--data: expected the folder with configs, tokenizers and mmlu, found nothing");
const { runs, layers, data, python, length, steps } = values;

const program = fileURLToPath(new URL("./phi-2-case.ts", import.meta.url));
const peer = fileURLToPath(new URL("./phi_2.py", import.meta.url));
const model = join(runs, `phi-2-${layers}-layers`);
const rows = join(runs, "rows");
mkdirSync(rows, { recursive: true });
const row = (words: number): string =>
  `${JSON.stringify({ prompt: "Count.", completion: " one two three four five six seven".repeat(words / 7) })}\n`;
writeFileSync(join(rows, "train.jsonl"), row(630).repeat(Number(steps)));
writeFileSync(join(rows, "validation.jsonl"), row(7));

/** Peaks of a process. */
interface Peaks {
  residentBytes: number;
  privateBytes: number;
  mappedBytes: number;
}

if (!existsSync(join(model, "model.safetensors"))) await run(["generate-checkpoint", "lora", "float32"]);
const precisions = ["float32", "int8"];
const cases = [
  ...["lora", "blora"].flatMap((method) => precisions.map((precision) => ["train", method, precision])),
  ...["generate", "read"].flatMap((what) => precisions.map((precision) => [what, "plain", precision])),
  ...(python === undefined ? [] : ["float32", "bfloat16"].map((precision) => ["train", "peft", precision])),
].map((flags) => ({ name: flags.join(" "), flags }));
const chosen = values.cases?.split(",") ?? cases.map(({ name }) => name);
// What was measured before stays.
const known = existsSync(values.out) ? JSON.parse(readFileSync(values.out, "utf8")).results : [];
const results = new Map<string, object>(known.map((result: { case: string }) => [result.case, result]));
for (const { name, flags } of cases.filter((each) => chosen.includes(each.name))) {
  const { commit, date, ...computer } = machine();
  const result = { ...(await run(flags)), commit, date };
  results.set(name, { case: name, ...result });
  const report = { ...computer, layers: Number(layers), batch: 1, length: Number(length) };
  writeFileSync(values.out, `${JSON.stringify({ ...report, results: [...results.values()] }, null, 2)}\n`);
  console.log(name, JSON.stringify(result));
}

/** Runs one case in a process of its own, and watches its memory. */
async function run(each: readonly string[]): Promise<object> {
  const started = performance.now();
  const peaks: Peaks = { residentBytes: 0, privateBytes: 0, mappedBytes: 0 };
  const runFolder = join(runs, "run");
  rmSync(runFolder, { recursive: true, force: true });
  const child = each[1] === "peft" ? startPeer(each[2]!) : startCase([...each, model, rows, runFolder, data!]);
  const timer = setInterval(() => watch(child.pid!, peaks), 50);
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk;
  });
  const [code] = await once(child, "close");
  clearInterval(timer);
  if (code !== 0 && each[1] !== "peft") throw new Error(`${each.join(" ")}: ended with ${code}`);
  // A peer that needs more memory than there is ends with a signal.
  if (code !== 0) return { ended: child.signalCode ?? code, ...peaks };
  const measured = JSON.parse(text.trim().split("\n").at(-1)!) as object;
  return { ...measured, processSeconds: (performance.now() - started) / 1000, ...peaks };
}

function startCase(flags: readonly string[]): ChildProcessByStdio<null, Readable, null> {
  const env = { ...trainingEnvironment(), BLORA_CACHE: join(runs, "cache") };
  return spawn(process.execPath, [...process.execArgv, program, ...flags, layers, length, steps], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
}

function startPeer(precision: string): ChildProcessByStdio<null, Readable, null> {
  const flags = [peer, model, length, steps, String(availableParallelism()), precision];
  return spawn(python!, flags, { stdio: ["ignore", "pipe", "inherit"] });
}

function watch(pid: number, peaks: Peaks): void {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return;
  }
  const bytes = (key: string): number => 1024 * Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
  peaks.residentBytes = Math.max(peaks.residentBytes, bytes("VmRSS"));
  peaks.privateBytes = Math.max(peaks.privateBytes, bytes("RssAnon"));
  peaks.mappedBytes = Math.max(peaks.mappedBytes, bytes("RssFile"));
}
