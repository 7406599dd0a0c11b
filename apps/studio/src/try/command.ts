import { shellWord } from "@blora/spec";
import type { ModelChoice, Settings } from "./messages.ts";

/** The command that repeats a training on the command line. */
export function commandOf(data: string, model: ModelChoice, settings: Settings): string {
  const { method, budget, epochs, learningRate, batchSize, maxLength, seed } = settings;
  const words = [
    "npx blora train",
    `--data ${shellWord(data)}`,
    ...(model.kind === "builtin" ? [] : [`--model ${shellWord(model.kind === "hub" ? model.id : model.name)}`]),
    `--method ${method}`,
    ...(method === "blora" ? [`--bops-target ${budget}`] : []),
    `--seed ${seed}`,
    ...Object.entries(argumentsOf({ epochs, learningRate, batchSize, maxLength })).map(
      ([name, value]) => `--set ${name}=${value}`,
    ),
  ];
  return words.join(" ");
}

/** Training arguments by the names the trainer has for them. */
export function argumentsOf({
  epochs,
  learningRate,
  batchSize,
  maxLength,
}: Pick<Settings, "epochs" | "learningRate" | "batchSize" | "maxLength">) {
  return {
    numTrainEpochs: epochs,
    learningRate,
    perDeviceTrainBatchSize: batchSize,
    maxSeqLength: maxLength,
  };
}
