/**
 * Speed and memory of whole training steps of LoRA, optimizer included, ours in both precisions and PEFT's modes in turn, on
 * rows of random tokens without padding: MiniLM (batch 32, length 64) and the shape of DeBERTaV3-base with random weights
 * (batch 8, length 128).
 *
 *   npm run bench:throughput -- --python <interpreter> --minilm <folder> --deberta <folder> --modes eager,compile
 */

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { machine } from "@blora/runs";
import { median } from "../step/measure.ts";
import { PEER_METHODS } from "./methods.ts";
import type { PeerSpec } from "./ours.ts";
import { runOurs, runPeer, tokensPerSecond } from "./pair.ts";

const { values } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    minilm: { type: "string" },
    deberta: { type: "string" },
    /** Of PEFT: eager, compile, bf16, compile-bf16. */
    modes: { type: "string", default: "eager" },
    rounds: { type: "string", default: "3" },
    out: { type: "string", default: "benchmarks/results/throughput" },
  },
});
const SHAPES = [
  { name: "MiniLM, batch 32, length 64", model: values.minilm, batch: 32, length: 64, steps: 20 },
  { name: "DeBERTaV3-base shape, batch 8, length 128", model: values.deberta, batch: 8, length: 128, steps: 10 },
];
const OURS = ["float32", "int8"] as const;
const modes = values.modes.split(",");

interface Measured {
  readonly tokensPerSecond: number;
  readonly peakMiB: number;
}
/** By name: ours by precision, PEFT's by mode. */
type Round = Readonly<Record<string, Measured>>;

let versions: Readonly<Record<string, string>> = {};
const results = SHAPES.flatMap(({ name, model, batch, length, steps }) => {
  if (model === undefined) return [];
  const spec: PeerSpec = {
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
  };
  const result = { name, ...summarize(Array.from({ length: Number(values.rounds) }, () => round(spec))) };
  console.log(JSON.stringify(result));
  return [result];
});
writeFileSync(
  `${values.out}.json`,
  `${JSON.stringify({ ...machine(), rounds: values.rounds, versions, results }, null, 2)}\n`,
);

function round(spec: PeerSpec): Round {
  const measured: Record<string, Measured> = {};
  let tokens: readonly number[] = [];
  const measure = (seconds: readonly number[], peakRssBytes: number): Measured => ({
    tokensPerSecond: tokensPerSecond(seconds, tokens),
    peakMiB: peakRssBytes / 2 ** 20,
  });
  for (const precision of OURS) {
    const ours = runOurs({ ...spec, precision });
    tokens = ours.tokens;
    measured[precision] = measure(ours.seconds, ours.peakRssBytes);
  }
  for (const mode of modes) {
    const peer = runPeer(spec, values.python, mode);
    versions = peer.versions;
    measured[`peft ${mode}`] = measure(peer.seconds, peer.peakRssBytes);
  }
  return measured;
}

/** Medians over the rounds; a ratio is the median of the rounds' own. */
function summarize(rounds: readonly Round[]) {
  const of = (value: (round: Round) => number) => median(rounds.map(value));
  const medians = Object.fromEntries(
    Object.keys(rounds[0]!).map((name) => [
      name,
      {
        tokensPerSecond: of((round) => round[name]!.tokensPerSecond),
        peakMiB: of((round) => round[name]!.peakMiB),
      },
    ]),
  );
  const ratios = Object.fromEntries(
    OURS.flatMap((own) =>
      modes.map((mode) => [
        `${own} over ${mode}`,
        {
          speed: of((round) => round[own]!.tokensPerSecond / round[`peft ${mode}`]!.tokensPerSecond),
          memory: of((round) => round[own]!.peakMiB / round[`peft ${mode}`]!.peakMiB),
        },
      ]),
    ),
  );
  return { ...medians, ratios };
}
