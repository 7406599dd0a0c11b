/**
 * Pretrains the built-in checkpoint as a masked language model, on this
 * project's own engine:
 *
 *   npm run pretrain -w @blora/builtin -- --steps 8000
 *
 * Reads `.cache/corpus.txt` and `model/`, writes `model/model.safetensors` in
 * float16. Saves its state to `.cache/pretraining` now and then and goes on
 * from there when it is started again.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { onnx } from "@blora/engine-onnx";
import { debertaV2 } from "@blora/model-deberta-v2";
import { permutation } from "@blora/tensor";
import { loadTokenizer } from "@blora/tokenizer";
import { adamWUpdate, clipByGlobalNorm, freshMoments, scheduleFactor } from "@blora/trainer";
import { writeSafetensors } from "@blora/weights";
import { FIRST_PIECE_ID } from "./model-files.ts";
import { maskBatch, packSequences, predictionsPerRow } from "./pretraining-data.ts";
import { restoreState, saveState } from "./pretraining-state.ts";
import { initialParameters, pretrainingStep } from "./pretraining-step.ts";
import { WORD_START } from "./words.ts";

const { values: flags } = parseArgs({
  options: {
    steps: { type: "string", default: "8000" },
    batch: { type: "string", default: "64" },
    length: { type: "string", default: "64" },
    "learning-rate": { type: "string", default: "2e-3" },
    seed: { type: "string", default: "1" },
  },
});
const [steps, batch, length, peak, seed] = [
  flags.steps,
  flags.batch,
  flags.length,
  flags["learning-rate"],
  flags.seed,
].map(Number) as [number, number, number, number, number];
const SAVE_EVERY = 500;
const REPORT_EVERY = 50;
const MAX_GRADIENT_NORM = 1;
const WARMUP_SHARE = 0.06;

const modelFolder = fileURLToPath(new URL("../model", import.meta.url));
const cacheFolder = fileURLToPath(new URL("../.cache", import.meta.url));
const stateFolder = join(cacheFolder, "pretraining");
const orders = new Map<number, Uint32Array>();
mkdirSync(stateFolder, { recursive: true });

const architecture = debertaV2();
const config = architecture.parseConfig(JSON.parse(readFileSync(join(modelFolder, "config.json"), "utf8")));
const head = { kind: "masked-language-model" } as const;
const tokenizer = await loadTokenizer(modelFolder);
const { cls, sep, mask } = tokenizer.special;
if (cls === undefined || sep === undefined || mask === undefined) {
  throw new Error(`The tokenizer in ${modelFolder} lacks a special token: run scripts/model-files.ts again`);
}

const chunks = readFileSync(join(cacheFolder, "corpus.txt"), "utf8")
  .split("\n")
  .filter((line) => line !== "");
const rows = [...packSequences(encodeAll(chunks), length, { cls, sep, mask })];
console.log(`${chunks.length} chunks, ${rows.length} rows of ${length} tokens`);

const specs = architecture.parameters(config, head);
const parameters = initialParameters(specs, seed);
const moments = new Map([...parameters].map(([name, { values }]) => [name, freshMoments(values.length)]));
const start = restoreState(stateFolder, parameters, moments);
const engine = onnx();
const positions = batch * predictionsPerRow(length);
const step = await engine.compile(pretrainingStep({ architecture, config, head, specs, batch, length, positions }));
const trainable = Object.fromEntries([...parameters].map(([name, { values }]) => [name, values]));
const attentionMask = new Float32Array(batch * length).fill(1);
const stepsPerEpoch = Math.floor(rows.length / batch);
const startsWord = wordStarts();
const schedule = { type: "linear", warmupSteps: Math.round(WARMUP_SHARE * steps), totalSteps: steps } as const;

let averageLoss = 0;
let since = performance.now();
for (let index = start; index < steps; index++) {
  const masked = maskBatch(batchRows(index), index, {
    special: { cls, sep, mask },
    vocabularySize: tokenizer.vocabularySize,
    firstOrdinaryId: FIRST_PIECE_ID,
    startsWord: (id) => startsWord.has(id),
    seed,
  });
  const { loss, gradients } = await step.run({ ...masked, attentionMask }, trainable, { seed, step: index });
  clipByGlobalNorm(Object.values(gradients), MAX_GRADIENT_NORM);
  const learningRate = peak * scheduleFactor(schedule, index);
  for (const [name, { values, decays }] of parameters) {
    adamWUpdate(values, gradients[name]!, moments.get(name)!, {
      learningRate,
      beta1: 0.9,
      beta2: 0.98,
      epsilon: 1e-6,
      weightDecay: decays ? 0.01 : 0,
    });
  }
  averageLoss += loss! / REPORT_EVERY;
  if ((index + 1) % REPORT_EVERY === 0) {
    const tokensPerSecond = (REPORT_EVERY * batch * length * 1000) / (performance.now() - since);
    console.log(`step ${index + 1}/${steps}  loss ${averageLoss.toFixed(4)}  ${Math.round(tokensPerSecond)} tokens/s`);
    averageLoss = 0;
    since = performance.now();
  }
  if ((index + 1) % SAVE_EVERY === 0 || index + 1 === steps) {
    saveState(stateFolder, index + 1, parameters, moments);
    writeModel();
  }
}
await engine.release();

function* encodeAll(texts: readonly string[]): Generator<number[]> {
  for (const text of texts) yield tokenizer.encode(text);
}

/** Rows of one batch: every epoch visits all rows in an order of its own. */
function batchRows(index: number): Int32Array[] {
  const epoch = Math.floor(index / stepsPerEpoch);
  const order = epochOrder(epoch);
  const first = (index % stepsPerEpoch) * batch;
  return Array.from({ length: batch }, (_, row) => rows[order[first + row]!]!);
}

function epochOrder(epoch: number): Uint32Array {
  if (orders.get(epoch) === undefined) {
    orders.clear();
    orders.set(epoch, permutation({ seed, step: epoch, path: "pretraining/order" }, rows.length));
  }
  return orders.get(epoch)!;
}

function wordStarts(): Set<number> {
  const { model } = JSON.parse(readFileSync(join(modelFolder, "tokenizer.json"), "utf8")) as {
    model: { vocab: Record<string, number> };
  };
  return new Set(Object.entries(model.vocab).flatMap(([piece, id]) => (piece.startsWith(WORD_START) ? [id] : [])));
}

function writeModel(): void {
  const tensors = [...parameters].map(([name, { shape, values }]) => [name, { shape, values, type: "F16" }] as const);
  writeSafetensors(join(modelFolder, "model.safetensors"), new Map(tensors), { format: "pt" });
}
