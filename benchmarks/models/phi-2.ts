/**
 * Phi-2 at its full size, 2.78 billion parameters in float16 with random values: training steps of LoRA and B-LoRA, generation
 * and reading of questions, each in a process of its own. How much memory that nothing backs (private), how much of files
 * (mapped), both at once (resident), and tokens a second.
 *
 *   npm run bench:phi-2 -- --data <folder with configs, tokenizers and mmlu> --runs <folder with 12 GB of room>
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
    steps: { type: "string", default: "1" },
    cases: { type: "string" },
    out: { type: "string", default: "benchmarks/results/phi-2-memory.json" },
  },
});
if (values.data === undefined)
  throw new Error("--data: expected the folder with configs, tokenizers and mmlu, found nothing");
const { runs, layers, data } = values;

const program = fileURLToPath(new URL("./phi-2-case.ts", import.meta.url));
const model = join(runs, `phi-2-${layers}-layers`);
const rows = join(runs, "rows");
mkdirSync(rows, { recursive: true });
const row = (words: number): string =>
  `${JSON.stringify({ prompt: "Count.", completion: " one two three four five six seven".repeat(words / 7) })}\n`;
writeFileSync(join(rows, "train.jsonl"), row(630).repeat(Number(values.steps)));
writeFileSync(join(rows, "validation.jsonl"), row(7));

interface Measured {
  readonly tokensPerSecond: number;
  readonly plannedBytes?: number;
}

/** Peaks of a process, in bytes. */
interface Peaks {
  resident: number;
  private: number;
  mapped: number;
}

if (!existsSync(join(model, "model.safetensors"))) await run(["generate-checkpoint", "", ""]);
const all = ["lora", "blora"].flatMap((method) => ["float32", "int8"].map((precision) => ["train", method, precision]));
const others = ["generate", "read"].flatMap((what) =>
  ["float32", "int8"].map((precision) => [what, "lora", precision]),
);
const chosen = values.cases?.split(",");
const known = existsSync(values.out) ? JSON.parse(readFileSync(values.out, "utf8")).results : [];
const results: Record<string, unknown>[] = known;
for (const each of [...all, ...others]) {
  const name = each.join(" ");
  if (chosen !== undefined && !chosen.includes(name)) continue;
  const { seconds, peaks, measured } = await run(each);
  const at = results.findIndex((result) => result.case === name);
  results.splice(at === -1 ? results.length : at, at === -1 ? 0 : 1, { case: name, ...measured, seconds, ...peaks });
  const { length } = values;
  const report = { ...machine(), layers: Number(layers), batch: 1, length: Number(length), results };
  writeFileSync(values.out, `${JSON.stringify(report, null, 2)}\n`);
  console.log(name, seconds, JSON.stringify(peaks), JSON.stringify(measured));
}

/** Runs one case in a process of its own, and watches its memory. */
async function run(each: readonly string[]): Promise<{ seconds: number; peaks: Peaks; measured: Measured }> {
  const started = performance.now();
  const peaks: Peaks = { resident: 0, private: 0, mapped: 0 };
  const runFolder = join(runs, "run");
  rmSync(runFolder, { recursive: true, force: true });
  const flags = [...each, model, rows, runFolder, data!, layers, values.length, values.steps];
  const env = { ...trainingEnvironment(), BLORA_CACHE: join(runs, "cache") };
  const child = spawn(process.execPath, [...process.execArgv, program, ...flags], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const timer = setInterval(() => watch(child.pid!, peaks), 50);
  let text = "";
  for await (const chunk of child.stdout) text += chunk;
  clearInterval(timer);
  if (child.exitCode !== 0 && child.exitCode !== null)
    throw new Error(`${each.join(" ")}: ended with ${child.exitCode}`);
  const measured = JSON.parse(text.trim().split("\n").at(-1)!) as Measured;
  return { seconds: (performance.now() - started) / 1000, peaks, measured };
}

function watch(pid: number, peaks: Peaks): void {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return;
  }
  const bytes = (key: string): number => 1024 * Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
  peaks.resident = Math.max(peaks.resident, bytes("VmRSS"));
  peaks.private = Math.max(peaks.private, bytes("RssAnon"));
  peaks.mapped = Math.max(peaks.mapped, bytes("RssFile"));
}
