/** One case of `phi-2.ts`, whose flags are its arguments. Its last line is what it measured. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bops } from "@blora/bops";
import { onnx } from "@blora/engine-onnx";
import { loadModel } from "@blora/inference";
import { evaluateLikelihood } from "@blora/likelihood";
import { blora, lora } from "@blora/lora";
import { phi } from "@blora/model-phi";
import { uniform } from "@blora/quantizers";
import type { Precision } from "@blora/spec";
import { instruct } from "@blora/task-instruct";
import { mmlu } from "@blora/task-mmlu";
import { sizeOf } from "@blora/tensor";
import { loadTokenizer } from "@blora/tokenizer";
import { train } from "@blora/trainer";
import { openCheckpoint, writeLazySafetensors } from "@blora/weights";

const [, , what, method, precision, model, rows, out, data, layers, length, steps] = process.argv as string[];
const LEARNED = { rank: 8, alpha: 16, quantizer: uniform({ bits: [0, 2, 3, 4, 8] }), bopsTarget: 1 / 32 };
const GENERATED = 8;
const engine = onnx({ precision: precision as Precision });
const architecture = phi();
const measured = { "generate-checkpoint": writeCheckpoint, train: trainSteps, generate, read }[what!]!;
console.log(JSON.stringify(await measured()));
await engine.release();

async function trainSteps(): Promise<object> {
  let plannedBytes = 0;
  // Of the fastest step: the first one, and the first of a phase, pay for what is made once.
  let tokensPerSecond = 0;
  await train({
    architecture,
    engine,
    method: method === "blora" ? blora(LEARNED) : lora({ rank: 8, alpha: 16 }),
    costModel: bops(),
    task: instruct(),
    tokenizer: await loadTokenizer(model!),
    checkpoint: openCheckpoint(model!),
    model: model!,
    data: rows!,
    outputDirectory: out!,
    arguments: { perDeviceTrainBatchSize: 1, maxSeqLength: Number(length), maxSteps: Number(steps) },
    onEvent(event) {
      if (event.type === "start") plannedBytes = event.estimatedMemoryBytes;
      if (event.type === "step") tokensPerSecond = Math.max(tokensPerSecond, event.tokensPerSecond);
      console.error(JSON.stringify(event).slice(0, 300));
    },
  });
  return { tokensPerSecond, stepSeconds: Number(length) / tokensPerSecond, plannedBytes };
}

async function generate(): Promise<object> {
  const loaded = await loadModel({ model: model!, architecture, engine, tokenizer: loadTokenizer });
  const plain = loaded.withoutAdapter({ kind: "language-model" });
  const reader = plain.openReader();
  const seconds: number[] = [];
  // The prompt, a token whose step is compiled, and tokens.
  for (const ids of [
    Array.from({ length: 64 }, (_, id) => 100 + id),
    ...Array.from({ length: GENERATED + 1 }, (_, id) => [id]),
  ]) {
    const started = performance.now();
    await reader.read(ids);
    seconds.push((performance.now() - started) / 1000);
  }
  await loaded.release();
  const total = seconds.slice(2).reduce((sum, each) => sum + each, 0);
  return { promptSeconds: seconds[0], tokensPerSecond: GENERATED / total };
}

async function read(): Promise<object> {
  const summary = await evaluateLikelihood({
    architecture,
    engine,
    task: mmlu({ subjects: ["abstract_algebra"], shots: 0, limit: 8 }),
    tokenizer: await loadTokenizer(model!),
    checkpoint: openCheckpoint(model!),
    model: model!,
    data: join(data!, "mmlu"),
  });
  const { questions, seconds, tokens } = summary.thisRun;
  return { tokensPerSecond: tokens / seconds, questionsPerSecond: questions / seconds };
}

/** Halves drawn once, of which every tensor takes a stretch. */
async function writeCheckpoint(): Promise<object> {
  const source = join(data!, "configs/phi-2");
  const config = {
    ...JSON.parse(readFileSync(join(source, "config.json"), "utf8")),
    num_hidden_layers: Number(layers),
  };
  mkdirSync(model!, { recursive: true });
  writeFileSync(join(model!, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
  for (const name of readdirSync(join(data!, "tokenizers/phi-2"))) {
    if (/\.(json|txt)$/.test(name)) copyFileSync(join(data!, "tokenizers/phi-2", name), join(model!, name));
  }
  const specs = architecture.parameters(architecture.parseConfig(config), { kind: "language-model" });
  const drawn = halves(2 ** 22 + 3);
  let turn = 0;
  writeLazySafetensors(
    join(model!, "model.safetensors"),
    specs.map(({ name, shape, init }) => ({
      name,
      type: "F16",
      shape,
      bytes: () => {
        const values = new Uint16Array(sizeOf(shape));
        if (init.kind !== "normal") values.fill(init.kind === "ones" ? 0x3c00 : 0);
        else {
          turn = (turn + 1_000_003) % drawn.length;
          for (let at = 0, from = turn; at < values.length; from = 0) {
            const part = drawn.subarray(from, from + values.length - at);
            values.set(part, at);
            at += part.length;
          }
        }
        return new Uint8Array(values.buffer);
      },
    })),
  );
  return {};
}

/** Halves of magnitude 2^-8 to 2^-5 and either sign from a xorshift generator (Marsaglia, 2003): deviation 0.02, about. */
function halves(count: number): Uint16Array {
  let state = 88_675_123;
  return Uint16Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const exponent = 7 + ((state >>> 11) % 3);
    return (((state >>> 31) & 1) << 15) | (exponent << 10) | ((state >>> 1) & 0x3ff);
  });
}
