import { resolve } from "node:path";
import { readAdapterDescription } from "@blora/adapters";
import { type AdaptedModel, type GenerateOptions, loadModel } from "@blora/inference";
import { InvalidInputError } from "@blora/spec";
import { loadTokenizer } from "@blora/tokenizer";
import { openCheckpoint } from "@blora/weights";
import type { Command } from "commander";
import { registry } from "../registry.ts";
import { type AdapterFlags, adapterFolder, addAdapterRevision } from "../run/adapter-folder.ts";
import { engineManifest } from "../run/components.ts";
import { architectureFor, modelFolder } from "../run/load-run.ts";

interface GenerateFlags extends AdapterFlags {
  readonly model?: string;
  readonly revision?: string;
  readonly adapter?: string;
  readonly prompt: string;
  readonly chat?: boolean;
  readonly maxNewTokens: number;
  readonly temperature: number;
  readonly topP: number;
  readonly seed: number;
  readonly addBos?: boolean;
  readonly engine: string;
  readonly threads?: number;
}

export function addGenerateCommand(program: Command): void {
  addAdapterRevision(program.command("generate"))
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
    .option("--max-new-tokens <count>", "tokens to write at most", Number, 128)
    .option("--temperature <number>", "0 takes the likeliest token, 1 draws as the model says", Number, 0)
    .option("--top-p <share>", "draw from the likeliest tokens that hold this share", Number, 1)
    .option("--seed <number>", "same seed, same text", Number, 0)
    .option("--add-bos", "begin with the tokenizer's first token, as models of Llama's kind were trained")
    .option("--engine <name>", "onnx (compiled) or tfjs (eager)", "onnx")
    .option("--threads <count>", "threads of the onnx engine (default: one for each core)", Number)
    .action(async (argument: string | undefined, flags: GenerateFlags) => {
      const adapter = argument ?? flags.adapter;
      const engineOptions = flags.threads === undefined ? {} : { threads: flags.threads };
      const engine = registry.resolve(engineManifest(flags.engine, engineOptions), "engine");
      const model = await openModel(adapter, flags, engine);
      const prompt = flags.chat ? [{ role: "user", content: flags.prompt }] : flags.prompt;
      for await (const text of model.generate(prompt, generateOptions(flags))) process.stdout.write(text);
      process.stdout.write("\n");
      await engine.release();
    });
}

type ModelEngine = Parameters<typeof loadModel>[0]["engine"];

async function openModel(
  adapter: string | undefined,
  flags: GenerateFlags,
  engine: ModelEngine,
): Promise<AdaptedModel> {
  const folder = adapter === undefined ? undefined : await adapterFolder(adapter, flags);
  const named = flags.model ?? (folder === undefined ? undefined : (await readAdapterDescription(folder)).baseModel);
  if (named === undefined) throw new InvalidInputError("generate: expected a --model or an adapter, found neither.");
  const base = await modelFolder(named, { offline: flags.offline ?? false, revision: flags.revision });
  const loaded = await loadModel({
    model: base,
    architecture: architectureFor(openCheckpoint(base).config, base),
    engine,
    tokenizer: loadTokenizer,
  });
  return folder === undefined ? loaded.withoutAdapter({ kind: "language-model" }) : loaded.loadAdapter(resolve(folder));
}

function generateOptions({ maxNewTokens, temperature, topP, seed, addBos }: GenerateFlags): GenerateOptions {
  return { maxNewTokens, temperature, topP, seed, ...(addBos === undefined ? {} : { addBos }) };
}
