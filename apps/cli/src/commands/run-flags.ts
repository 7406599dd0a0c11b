import type { Registry } from "@blora/core";
import type { Command } from "commander";
import { registry } from "../registry.ts";
import { taskNames } from "../run/components.ts";
import { positiveInteger, seed } from "./number-flags.ts";

/** Of an option that may be given more than once. */
export const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];

/** Flags of every command that runs a model. None has a default here: what is not given is for `resolveRun` to decide. */
export function addRunFlags(command: Command): Command {
  return addPluginFlag(addMethodFlags(addEngineFlags(addModelFlags(command))))
    .option("--task <name>", `${taskNames(registry as Registry).join(", ")} (default: builtin)`)
    .option("--data <path|hub:id>", "the task's files: a file or folder, or hub:<org/name>[/<config>][@<revision>]")
    .option("--backend <name>", "backend of the tfjs engine: tensorflow-gpu, tensorflow, wasm, cpu")
    .option("--seed <number>", "seed of everything random", seed)
    .option("--config <file>", "a blora.config.ts for what the flags beside it leave open");
}

export function addPluginFlag(command: Command): Command {
  return command.option("--plugin <package>", "load the plugins of this package or file too; repeatable", collect);
}

function addModelFlags(command: Command): Command {
  return command
    .option("--model <id|folder>", "Hugging Face id or local folder (default: the built-in model)")
    .option("--revision <name>", "branch, tag or commit of a Hub model")
    .option("--offline", "use only what the Hub cache holds");
}

export function addMethodFlags(command: Command): Command {
  return command
    .option("--method <name>", `${registry.ids("method").join(", ")} (default: blora)`)
    .option(
      "--set <path=value>",
      "change an option: learningRate=1e-3, method.rank=4, …; blora options lists them",
      collect,
    );
}

export function addEngineFlags(command: Command): Command {
  return command
    .option("--engine <name>", `${registry.ids("engine").join(", ")} (default: onnx)`)
    .option("--threads <count>", "threads of the onnx engine (default: one for each core)", positiveInteger);
}
