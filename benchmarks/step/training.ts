/**
 * Times whole training steps, optimizer included, of LoRA, LoRA with dropout, B-LoRA while gates are learned under a
 * budget (of components, of matrices) and full fine-tuning in turn, on rows of random tokens without padding: seconds and processor seconds of a step, and times LoRA's.
 *
 *   npm run bench:training -- --model ~/.cache/blora/models/all-MiniLM-L6-v2 --threads 2
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bops } from "@blora/bops";
import { onnx } from "@blora/engine-onnx";
import { hardConcrete } from "@blora/gates";
import { type BloraOptions, blora, full, lora } from "@blora/lora";
import { bayesianBits, uniform } from "@blora/quantizers";
import type { Method } from "@blora/spec";
import { train } from "@blora/trainer";
import { openCheckpoint } from "@blora/weights";
import { architectureOf } from "../models/architecture-of.ts";
import { noTokenizer, tokenTask } from "../peers/token-task.ts";
import { median } from "./measure.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string" },
    threads: { type: "string", default: "2" },
    batch: { type: "string", default: "32" },
    length: { type: "string", default: "64" },
    steps: { type: "string", default: "6" },
    rounds: { type: "string", default: "3" },
    methods: { type: "string", default: "lora,dropout,full" },
  },
});
const { model } = values;
if (model === undefined) throw new Error("expected --model <folder>");

const gate = hardConcrete({ initialLogit: 2 });
/** One step warms up, and all that follow learn gates. */
const gated: BloraOptions = {
  quantizer: uniform({ bits: [0, 2, 4, 8, 16], gate }),
  rank: 8,
  allocation: "gates",
  phases: { warmup: 0.01, gates: 0.98, settle: 0.01 },
  bopsTarget: 0.05,
};

const METHODS: Readonly<Record<string, Method>> = {
  lora: lora({ rank: 8 }),
  dropout: lora({ rank: 8, dropout: 0.1 }),
  components: blora(gated),
  matrices: blora({ ...gated, granularity: "matrix", rankGate: gate, quantizer: bayesianBits({ gate }) }),
  full: full(),
};

interface Times {
  readonly seconds: number[];
  readonly processor: number[];
}

/** Steps that compile: the first of a run, and the first that learns gates. */
const COMPILING = 2;

/** Times of a run's steps but those that compile. */
async function timed(method: Method, length: number, { seconds, processor }: Times): Promise<void> {
  const outputDirectory = await mkdtemp(join(tmpdir(), "blora-training-"));
  const engine = onnx({ threads: Number(values.threads) });
  let since = process.cpuUsage();
  await train({
    architecture: architectureOf(model!),
    checkpoint: openCheckpoint(model!),
    method,
    task: tokenTask(length),
    tokenizer: noTokenizer,
    costModel: bops(),
    engine,
    model: model!,
    arguments: {
      perDeviceTrainBatchSize: Number(values.batch),
      maxSeqLength: length,
      maxSteps: Number(values.steps) + COMPILING,
      loadBestModelAtEnd: false,
      seed: 1,
    },
    outputDirectory,
    overwrite: true,
    onEvent(event) {
      if (event.type !== "step") return;
      const { user, system } = process.cpuUsage(since);
      since = process.cpuUsage();
      if (event.step <= COMPILING) return;
      seconds.push((Number(values.batch) * length) / event.tokensPerSecond);
      processor.push((user + system) / 1e6);
    },
  });
  await engine.release();
  await rm(outputDirectory, { recursive: true });
}

const names = values.methods.split(",");
const times = new Map(names.map((name): [string, Times] => [name, { seconds: [], processor: [] }]));
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [name, own] of times) await timed(METHODS[name]!, Number(values.length), own);
}
const first = times.get(names[0]!)!;
for (const [name, { seconds, processor }] of times) {
  const times = median(seconds) / median(first.seconds);
  const timesProcessor = median(processor) / median(first.processor);
  const leastProcessor = Math.min(...processor) / Math.min(...first.processor);
  console.log(
    JSON.stringify({
      name,
      seconds: median(seconds),
      times,
      processor: median(processor),
      timesProcessor,
      leastProcessor,
    }),
  );
}
