import { join, resolve } from "node:path";
import { weightFormats } from "@blora/export-onnx";
import { type Command, Option } from "commander";
import type { Exported, ExportFlags } from "../jobs/export.ts";
import { addAdapterRevision } from "../run/adapter-folder.ts";
import { runInChild } from "../run/child.ts";
import { withPartialFolder } from "../run/partial-folder.ts";
import { addPluginFlag } from "./run-flags.ts";

export function addExportCommand(program: Command): void {
  addPluginFlag(addAdapterRevision(program.command("export")))
    .description("write a model with its adapter as an ONNX graph that transformers.js and ONNX Runtime load")
    .addOption(new Option("--format <name>", "what to write").choices(["onnx"]).default("onnx"))
    .requiredOption(
      "--adapter <id|folder>",
      "an adapter folder, a run directory that holds one, or an adapter of the Hub",
    )
    .requiredOption("--out <folder>", "where the exported model goes")
    .option("--model <id|folder>", "the base model (default: the one the adapter names)")
    .option("--revision <name>", "branch, tag or commit of a Hub model")
    .option("--offline", "use only what the Hub cache holds")
    .addOption(new Option("--weights <format>", "base weights").choices([...weightFormats]).default("float32"))
    .addOption(
      new Option("--adapter-form <form>", "added to the weights, or beside them")
        .choices(["merged", "branch"])
        .default("merged"),
    )
    .option("--plain", "export the plain update although evaluation rounds more (scopes site and adapter+activations)")
    .option("--no-measure", "do not compare the exported graph with the model")
    .option("--json", "print one JSON line")
    .action(async (flags: ExportFlags) => {
      const { result } = await withPartialFolder(flags.out, ({ parent, made }) =>
        runInChild("export", { flags, partial: made }, { partial: parent }),
      );
      const { summary, measurement } = result;
      process.stdout.write(
        flags.json ? `${JSON.stringify({ ...summary, ...measurement })}\n` : describe(resolve(flags.out), result),
      );
    });
}

const MEBIBYTE = 2 ** 20;

function describe(out: string, { summary, measurement: measured }: Exported): string {
  const { file, bytes, dtype, longest, tokenizer } = summary;
  const lines = [
    `${join(out, file)}  ${(bytes / MEBIBYTE).toFixed(1)} MiB, dtype ${dtype} of transformers.js`,
    `any batch, texts of up to ${longest} tokens`,
    ...(measured === undefined
      ? []
      : [
          `logits differ by at most ${measured.largestDifference.toExponential(1)} from the model's, the largest of which is ${measured.largestLogit.toFixed(2)}`,
        ]),
    ...(tokenizer.includes("tokenizer.json")
      ? []
      : ["the model has no tokenizer.json: transformers.js needs one to read text"]),
  ];
  return `${lines.join("\n")}\n`;
}
