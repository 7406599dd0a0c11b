import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { exportCodes, isPacked, readAdapter } from "@blora/adapters";
import { onnx } from "@blora/engine-onnx";
import {
  type ExportSummary,
  exportOnnx,
  type Measurement,
  measureExport,
  type WeightFormat,
  weightFormats,
} from "@blora/export-onnx";
import { baseModelOf, type Network, openNetwork, openPlain, readPlainAdapter } from "@blora/network";
import type { CodedUpdate, ComponentManifest } from "@blora/spec";
import { writeTokenizerJson } from "@blora/tokenizer";
import { openCheckpoint } from "@blora/weights";
import { type Command, Option } from "commander";
import { registry } from "../registry.ts";
import { type AdapterFlags, adapterFolder, addAdapterRevision } from "../run/adapter-folder.ts";
import { architectureFor, modelFolder } from "../run/load-run.ts";

interface ExportFlags extends AdapterFlags {
  readonly adapter: string;
  readonly model?: string;
  readonly revision?: string;
  readonly out: string;
  readonly weights: WeightFormat;
  readonly adapterForm: "merged" | "branch";
  readonly measure: boolean;
  readonly json?: boolean;
}

export function addExportCommand(program: Command): void {
  addAdapterRevision(program.command("export"))
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
    .option("--no-measure", "do not compare the exported graph with the model")
    .option("--json", "print one JSON line")
    .action(async (flags: ExportFlags) => {
      const adapterPath = await adapterFolder(flags.adapter, flags);
      const model = flags.model ?? (await baseModelOf(adapterPath));
      const folder = await modelFolder(model, flags);
      const checkpoint = openCheckpoint(folder);
      const network = openNetwork(architectureFor(checkpoint.config, folder), checkpoint, model);
      const adapter = await readPlainAdapter(adapterPath, network);
      const out = resolve(flags.out);
      const { weights, adapterForm } = flags;
      const codes = adapterForm === "branch" ? await codesOf(adapterPath, network) : undefined;
      const summary = await exportOnnx({ network, adapter, out, weights, adapterForm, ...(codes && { codes }) });
      const made = existsSync(join(folder, "tokenizer.json")) ? [] : await writeTokenizerJson(folder, out);
      const engine = onnx();
      const measurement = flags.measure
        ? await measureExport({
            network: openPlain(network, adapter, adapterPath),
            engine,
            file: join(out, summary.file),
          })
        : undefined;
      const written = { ...summary, tokenizer: [...new Set([...summary.tokenizer, ...made])] };
      await engine.release();
      const text = flags.json
        ? `${JSON.stringify({ ...written, ...measurement })}\n`
        : describe(out, written, measurement);
      process.stdout.write(text);
    });
}

/** The factors of an adapter of this project as it learned to round them; undefined for one of PEFT's. */
async function codesOf(folder: string, { linears }: Network): Promise<ReadonlyMap<string, CodedUpdate> | undefined> {
  if (!isPacked(folder)) return undefined;
  const { description, weights } = await readAdapter(folder);
  const method = registry.resolve(description.method as unknown as ComponentManifest<"method">, "method");
  return exportCodes(method, linears, weights);
}

const MEBIBYTE = 2 ** 20;

function describe(
  out: string,
  { file, bytes, dtype, longest, tokenizer }: ExportSummary,
  measured?: Measurement,
): string {
  const lines = [
    `${join(out, file)}  ${(bytes / MEBIBYTE).toFixed(1)} MiB, dtype ${dtype} of transformers.js`,
    longest === undefined ? "any batch, texts of any length" : `any batch, texts of up to ${longest} tokens`,
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
