import type { Command } from "commander";
import type { GenerateFlags } from "../jobs/generate.ts";
import { printNote } from "../output/print-note.ts";
import { addAdapterRevision } from "../run/adapter-folder.ts";
import { runInChild } from "../run/child.ts";
import { numberOrZero, positiveInteger, seed, share } from "./number-flags.ts";
import { addEngineFlags, addPluginFlag, collect } from "./run-flags.ts";

export function addGenerateCommand(program: Command): void {
  addEngineFlags(addPluginFlag(addAdapterRevision(program.command("generate"))))
    .argument(
      "[adapter]",
      "an adapter folder, a run directory that holds one, or an adapter of the Hub; without one the plain model writes",
    )
    .description("let a causal language model go on from a prompt, token by token")
    .option("--adapter <id|folder>", "the same as the argument")
    .option("--model <id|folder>", "Hugging Face id or local folder (default: the model the adapter was trained on)")
    .option("--revision <name>", "branch, tag or commit of a Hub model")
    .option("--offline", "use only what the Hub cache holds")
    .requiredOption("--prompt <text>", "the text to go on from")
    .option("--chat", "the prompt is what a user says: use the checkpoint's chat template")
    .option("--max-new-tokens <count>", "tokens to write at most", positiveInteger, 128)
    .option("--temperature <number>", "0 takes the likeliest token, 1 draws as the model says", numberOrZero, 0)
    .option("--top-p <share>", "draw from the likeliest tokens that hold this share", share, 1)
    .option("--seed <number>", "same seed, same text", seed, 0)
    .option("--set <path=value>", "change an option of the engine: engine.precision=int8", collect)
    .option("--add-bos", "begin with the tokenizer's first token, as models of Llama's kind were trained")
    .action(async (argument: string | undefined, flags: GenerateFlags, command: Command) => {
      const idle = flags.temperature === 0 ? idleFlags(command) : [];
      if (idle.length > 0) {
        printNote(
          `note: ${idle.join(" and ")} ${idle.length === 1 ? "changes" : "change"} nothing at temperature 0, the default`,
        );
      }
      const input = { ...flags, ...(argument !== undefined && { adapter: argument }) };
      const { result } = await runInChild("generation", input, {
        onEvent: (text) => void process.stdout.write(text),
      });
      process.stdout.write("\n");
      if (result.end === "model-limit") {
        printNote(`note: the text ends at ${result.limit} tokens, prompt included: the model reads no more`);
      }
    });
}

/** Those given that decide how tokens are drawn, where none is. */
function idleFlags(command: Command): string[] {
  const drawing = { topP: "--top-p", seed: "--seed" };
  return Object.entries(drawing).flatMap(([name, flag]) =>
    command.getOptionValueSource(name) === "cli" ? [flag] : [],
  );
}
