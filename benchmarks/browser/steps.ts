import { bops } from "@blora/bops";
import { lora } from "@blora/lora";
import { bert } from "@blora/model-bert";
import { debertaV2 } from "@blora/model-deberta-v2";
import type { Architecture, Engine } from "@blora/spec";
import { trainInMemory } from "@blora/trainer";
import { checkpointOfFiles } from "@blora/weights";
import { noTokenizer, tokenTask } from "../peers/token-task.ts";

/** What is trained, in a page and in Node alike. */
export interface Training {
  readonly architecture: "bert" | "deberta-v2";
  /** Rows of a step. */
  readonly batch: number;
  /** Tokens of a row, all of them the same: nothing is padding. */
  readonly length: number;
  /** Measured steps, at most. */
  readonly steps: number;
  /** Seconds after which no further step begins. */
  readonly seconds: number;
}

export interface StepTimes {
  /** Until the first step was done, which is compiled before. */
  readonly firstSeconds: number;
  /** Seconds of each step after it, optimizer included. */
  readonly steps: readonly number[];
}

const ARCHITECTURES: Readonly<Record<Training["architecture"], () => Architecture>> = { bert, "deberta-v2": debertaV2 };

/** Below the vocabulary of either model. */
const IDS = 8192;

/** Times steps of LoRA at rank 8 on rows of random tokens. */
export async function timeSteps(
  engine: Engine,
  files: ReadonlyMap<string, Uint8Array>,
  { architecture, batch, length, steps: most, seconds }: Training,
): Promise<StepTimes> {
  const start = performance.now();
  let first: number | undefined;
  const steps: number[] = [];
  const since = (): number => (performance.now() - start) / 1000;
  await trainInMemory({
    architecture: ARCHITECTURES[architecture](),
    checkpoint: checkpointOfFiles(files, architecture),
    method: lora({ rank: 8 }),
    task: tokenTask(length, IDS),
    tokenizer: { ...noTokenizer, vocabularySize: IDS },
    costModel: bops(),
    engine,
    model: architecture,
    arguments: {
      perDeviceTrainBatchSize: batch,
      maxSeqLength: length,
      // One more than are measured, which is not reached: what ends a training is not timed.
      maxSteps: most + 2,
      loadBestModelAtEnd: false,
      seed: 1,
    },
    shouldStop: () => steps.length >= most || (steps.length > 0 && since() - first! > seconds),
    onEvent(event) {
      if (event.type !== "step") return;
      if (first === undefined) first = since();
      else steps.push((batch * length) / event.tokensPerSecond);
    },
  });
  await engine.release();
  return { firstSeconds: first!, steps };
}
