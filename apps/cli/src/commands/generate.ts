import type { Command } from "commander";
import type { GenerateFlags } from "../jobs/generate.ts";
import { printNote } from "../output/print-note.ts";
import { addAdapterRevision, givenAdapter } from "../run/adapter-folder.ts";
import { runInChild } from "../run/child.ts";
import { refuseIdle } from "./idle-flags.ts";
import { numberOrZero, positiveInteger, seed, share } from "./number-flags.ts";
import { addEngineFlags, addPluginFlag, collect } from "./run-flags.ts";

const DRAWING = { expected: "a --temperature above 0 beside it", found: "0, which takes the likeliest token" };

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
    .option("--add-bos", "begin with the tokenizer's first token (default: where the tokenizer itself does)")
    .option("--no-add-bos", "begin without it")
    .action(async (argument: string | undefined, flags: GenerateFlags, command: Command) => {
      if (flags.temperature === 0) refuseIdle(command, ["topP"], DRAWING);
      const adapter = givenAdapter(argument, flags.adapter);
      const input = { ...flags, ...(adapter !== undefined && { adapter }) };
      const { result } = await runInChild("generation", input, {
        onEvent: (text) => void process.stdout.write(text),
      });
      process.stdout.write("\n");
      if (result.end === "model-limit") {
        printNote(`note: the text ends at ${result.limit} tokens, prompt included: the model reads no more`);
      }
    });
}
