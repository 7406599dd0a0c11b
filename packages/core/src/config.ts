import type { Component } from "@blora/spec";

/** Everything a run is made of. Components are values: no name is looked up. */
export interface RunConfig<Training extends object = object> {
  /** Hugging Face Hub id or folder of the checkpoint; the built-in one where left out. */
  readonly model?: string;
  /** The network's forward pass; found by the checkpoint's `model_type` where left out. */
  readonly architecture?: Component<"architecture">;
  readonly task: Component<"task">;
  /** The task's data: a file or folder, or `hub:<org/name>[/<config>][@<revision>]`; built-in data where left out. */
  readonly data?: string;
  readonly method: Component<"method">;
  /** Prices the matrix products; bit operations where left out. */
  readonly costModel?: Component<"costModel">;
  readonly engine?: Component<"engine">;
  /** Learning rates, batch sizes and steps. The trainer that runs the config checks them and knows the defaults. */
  readonly training?: Training;
  /** Packages and files whose plugins names in flags, `--set` and adapters may mean, as the working folder finds them. */
  readonly plugins?: readonly string[];
  /** Run directory. */
  readonly out?: string;
}

/**
 * Types a run configuration; returns it unchanged. Name the trainer's type of
 * arguments to have them checked as you write.
 *
 * @example
 * export default defineConfig<TrainingArgumentsInput>({
 *   model: "microsoft/deberta-v3-base",
 *   task: glue({ task: "mrpc" }),
 *   method: lora({ rank: 8 }),
 *   training: { learningRate: 5e-4, numTrainEpochs: 3 },
 * });
 */
export function defineConfig<Training extends object = object>(config: RunConfig<Training>): RunConfig<Training> {
  return config;
}
