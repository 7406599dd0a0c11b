import { mergeAdapter } from "@blora/adapters";
import { openAdapter, openBase, openNetwork } from "@blora/network";
import { type Head, InvalidInputError, isLanguageModelTask } from "@blora/spec";
import { loadTokenizer } from "@blora/tokenizer";
import { openCheckpoint } from "@blora/weights";
import type { Command } from "commander";
import { registry } from "../registry.ts";
import { type AdapterFlags, adapterFolder, addAdapterRevision } from "../run/adapter-folder.ts";
import { type AdapterSettings, adapterSettings } from "../run/adapter-settings.ts";
import { engineManifest, taskManifest } from "../run/components.ts";
import { architectureFor, modelFolder } from "../run/load-run.ts";
import { sampleDifference } from "../run/sample-difference.ts";

interface MergeFlags extends AdapterFlags {
  readonly adapter: string;
  readonly out: string;
  readonly model?: string;
  readonly revision?: string;
  readonly task?: string;
  readonly maxShardSize: number;
  readonly roundBase?: boolean;
  readonly engine: string;
  readonly json?: boolean;
}

const BYTES_PER_GB = 1e9;

export function addMergeCommand(program: Command): void {
  addAdapterRevision(program.command("merge"))
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
    .option("--max-shard-size <GB>", "size of a weight file at most", Number, 5)
    .option("--round-base", "merge an adapter of scope site: write the rounded weights")
    .option("--engine <name>", "engine that measures the error: onnx or tfjs", "onnx")
    .option("--json", "print one JSON line")
    .action(async (flags: MergeFlags) => {
      const folder = await adapterFolder(flags.adapter, flags);
      const settings = await adapterSettings(folder);
      const head = headOf(settings, flags);
      const { offline = false, revision } = flags;
      const model = await modelFolder(baseModelOf(flags, settings), { offline, revision });
      const checkpoint = openCheckpoint(model);
      const architecture = architectureFor(checkpoint.config, model);
      const method = registry.resolve(settings.method, "method");
      const parts = { architecture, checkpoint, method };
      const network = openNetwork(architecture, checkpoint, model);
      const adapted = await openAdapter(network, { folder, head, method, form: "trained" });
      const report = await mergeAdapter({
        ...parts,
        head,
        weights: adapted.weights,
        out: flags.out,
        maxShardBytes: flags.maxShardSize * BYTES_PER_GB,
        roundBase: flags.roundBase ?? false,
      });
      const merged = openBase(openNetwork(architecture, openCheckpoint(flags.out), flags.out), head);
      const engine = registry.resolve(engineManifest(flags.engine, {}), "engine");
      const difference = await sampleDifference(engine, await loadTokenizer(model), adapted, merged);
      await engine.release();
      const result = { ...report, out: flags.out, ...difference };
      process.stdout.write(flags.json ? `${JSON.stringify(result)}\n` : describe(result));
    });
}

function headOf(settings: AdapterSettings, { task, adapter }: MergeFlags): Head {
  const given = task === undefined ? undefined : registry.resolve(taskManifest(task), "task");
  const head =
    given === undefined ? settings.head : isLanguageModelTask(given) ? { kind: "language-model" as const } : given.head;
  if (head !== undefined) return head;
  throw new InvalidInputError(
    `${adapter}: expected --task to name the labels of this adapter, because PEFT's files do not.`,
  );
}

function baseModelOf({ model }: MergeFlags, { baseModel }: AdapterSettings): string {
  const name = model ?? baseModel;
  if (name !== undefined) return name;
  throw new InvalidInputError("merge: expected --model, because the adapter names no base model.");
}

interface Merged {
  readonly merged: number;
  readonly replaced: number;
  readonly files: readonly string[];
  readonly out: string;
  readonly texts: number;
  readonly largestDifference: number;
  readonly largestLogit: number;
}

function describe({ merged, replaced, files, out, texts, largestDifference, largestLogit }: Merged): string {
  return [
    `${out}: ${merged} weights merged, ${replaced} head tensors replaced, ${files.join(", ")}`,
    `logits of ${texts} sample texts differ by at most ${largestDifference.toExponential(2)} (largest logit ${largestLogit.toFixed(2)})`,
    "",
  ].join("\n");
}
