import type { Command } from "commander";
import type { Merged, MergeFlags } from "../jobs/merge.ts";
import { registry } from "../registry.ts";
import { addAdapterRevision } from "../run/adapter-folder.ts";
import { runInChild } from "../run/child.ts";
import { withPartialFolder } from "../run/partial-folder.ts";
import { positiveNumber } from "./number-flags.ts";
import { addPluginFlag } from "./run-flags.ts";

export function addMergeCommand(program: Command): void {
  addPluginFlag(addAdapterRevision(program.command("merge")))
    .description("add an adapter to the weights of its base model: a checkpoint that transformers loads alone")
    .requiredOption(
      "--adapter <id|folder>",
      "an adapter folder, a run directory that holds one, or an adapter of the Hub; PEFT's too",
    )
    .requiredOption("--out <folder>", "folder to write")
    .option("--model <id|folder>", "base model (default: the one the adapter was trained on)")
    .option("--revision <name>", "branch, tag or commit of a Hub model")
    .option("--offline", "use only what the Hub cache holds")
    .option("--task <name>", "task whose labels an adapter of PEFT was trained for")
    .option("--max-shard-size <GB>", "size of a weight file at most", positiveNumber, 5)
    .option("--plain", "merge although evaluation rounds more than the adapter (scopes site and adapter+activations)")
    .option("--engine <name>", `engine that measures the error: ${registry.ids("engine").join(", ")}`, "onnx")
    .option("--json", "print one JSON line")
    .action(async (flags: MergeFlags) => {
      const { result } = await withPartialFolder(flags.out, ({ parent, made }) =>
        runInChild("merge", { flags, partial: made }, { partial: parent }),
      );
      process.stdout.write(flags.json ? `${JSON.stringify(result)}\n` : describe(result));
    });
}

function describe(result: Merged): string {
  const { merged, replaced, files, out, texts, areDrawn, largestDifference, largestLogit } = result;
  const sample = areDrawn ? `${texts} texts of drawn tokens (the model has no tokenizer)` : `${texts} sample texts`;
  return [
    `${out}: ${merged} weights merged, ${replaced} head tensors replaced, ${files.join(", ")}`,
    `logits of ${sample} differ by at most ${largestDifference.toExponential(2)} (largest logit ${largestLogit.toFixed(2)})`,
    "",
  ].join("\n");
}
