/**
 * Speed and memory of whole training steps, optimizer included, ours and PEFT's in turn, on rows of random tokens without
 * padding: MiniLM (batch 32, length 64) and the shape of DeBERTaV3-base with random weights (batch 8, length 128).
 *
 *   npm run bench:throughput -- --python <interpreter> --minilm <folder> --deberta <folder>
 */

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { machine } from "@blora/runs";
import { PEER_METHODS } from "./methods.ts";
import { median, type Pair, runPair, type Side } from "./pair.ts";

const { values } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    minilm: { type: "string" },
    deberta: { type: "string" },
    rounds: { type: "string", default: "3" },
    out: { type: "string", default: "benchmarks/results/peers-throughput" },
  },
});
const SHAPES = [
  { name: "MiniLM, batch 32, length 64", model: values.minilm, batch: 32, length: 64, steps: 20 },
  { name: "DeBERTaV3-base shape, batch 8, length 128", model: values.deberta, batch: 8, length: 128, steps: 10 },
];

const results = SHAPES.flatMap(({ name, model, batch, length, steps }) => {
  if (model === undefined) return [];
  const pairs = Array.from({ length: Number(values.rounds) }, () =>
    runPair(
      {
        model,
        task: length,
        data: undefined,
        method: PEER_METHODS.lora.options(steps),
        threads: 2,
        folder: mkdtempSync(join(tmpdir(), "blora-throughput-")),
        arguments: {
          perDeviceTrainBatchSize: batch,
          maxSeqLength: length,
          maxSteps: steps,
          evalSteps: steps,
          loadBestModelAtEnd: false,
          seed: 1,
        },
      },
      values.python,
    ),
  );
  const result = { name, ...summarize(pairs) };
  console.log(JSON.stringify(result));
  return [result];
});
writeFileSync(`${values.out}.json`, `${JSON.stringify({ ...machine(), rounds: values.rounds, results }, null, 2)}\n`);

function summarize(pairs: readonly Pair[]) {
  const of = (value: (pair: Pair) => number) => median(pairs.map(value));
  const side = (pick: (pair: Pair) => Side) => ({
    tokensPerSecond: of((pair) => pick(pair).tokensPerSecond),
    peakMiB: of((pair) => pick(pair).peakRssBytes) / 2 ** 20,
    adapterBytes: of((pair) => pick(pair).adapterBytes),
  });
  return {
    versions: pairs[0]!.versions,
    ours: side(({ ours }) => ours),
    peft: side(({ peft }) => peft),
    speedRatio: of(({ ours, peft }) => ours.tokensPerSecond / peft.tokensPerSecond),
    memoryRatio: of(({ ours, peft }) => ours.peakRssBytes / peft.peakRssBytes),
  };
}
