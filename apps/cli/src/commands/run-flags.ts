import type { Command } from "commander";
import { applyAssignments } from "../run/assignments.ts";
import { engineManifest, methodManifest, taskManifest } from "../run/components.ts";
import type { RunSettings } from "../run/settings.ts";

/** Flags of every command that runs a model. */
export interface RunFlags {
  readonly model?: string;
  readonly revision?: string;
  readonly offline?: boolean;
  readonly task: string;
  readonly method: string;
  readonly data?: string;
  readonly engine: string;
  readonly backend?: string;
  readonly threads?: number;
  readonly seed?: number;
  readonly bopsTarget?: string;
  readonly set: readonly string[];
  readonly config?: string;
}

export function addRunFlags(command: Command): Command {
  const collect = (value: string, previous: readonly string[]) => [...previous, value];
  return command
    .option("--model <id|folder>", "Hugging Face id or local folder (default: the built-in model)")
    .option("--revision <name>", "branch, tag or commit of a Hub model")
    .option("--offline", "use only what the Hub cache holds")
    .option("--task <name>", "builtin, instruct, mmlu, or a GLUE task: cola, sst2, mrpc, …", "builtin")
    .option("--method <name>", "blora, adalora or lora", "blora")
    .option("--data <folder>", "folder of the task's files")
    .option("--engine <name>", "onnx (compiled) or tfjs (eager)", "onnx")
    .option("--backend <name>", "backend of the tfjs engine: tensorflow-gpu, tensorflow, wasm, cpu")
    .option("--threads <count>", "threads of the onnx engine (default: one for each core)", Number)
    .option("--seed <number>", "seed of everything random", Number)
    .option("--set <path=value>", "change an option: learningRate=1e-3, method.rank=4, …", collect, [])
    .option("--config <file>", "a blora.config.ts whose values replace these flags");
}

export function runSettings(flags: RunFlags, out: string): RunSettings {
  const engineOptions = {
    ...(flags.backend === undefined ? {} : { backend: flags.backend }),
    ...(flags.threads === undefined ? {} : { threads: flags.threads }),
  };
  const settings: RunSettings = {
    model: flags.model,
    revision: flags.revision,
    offline: flags.offline ?? false,
    task: taskManifest(flags.task),
    taskName: flags.task,
    data: flags.data,
    method: methodManifest(flags.method),
    engine: engineManifest(flags.engine, engineOptions),
    out,
    arguments: flags.seed === undefined ? {} : { seed: flags.seed },
    configFile: flags.config,
  };
  const budget = flags.bopsTarget === undefined ? [] : [`method.bopsTarget=${flags.bopsTarget}`];
  return applyAssignments(settings, [...budget, ...flags.set]);
}
