import { endTextsAt, mergeAdapter, readPeftConfig, writeMergeRecord } from "@blora/adapters";
import type { Registry } from "@blora/core";
import { copyChatTemplate, placeNewFolder, requireEmptyFolder } from "@blora/files";
import { endIds } from "@blora/inference";
import { headOf, openAdapter, openBase, openNetwork } from "@blora/network";
import { type Head, InvalidInputError, isLanguageModelTask, type JsonObject } from "@blora/spec";
import { openCheckpoint } from "@blora/weights";
import type { AdapterFlags } from "../run/adapter-folder.ts";
import { type AdapterSettings, adapterSettings, chosenModel, methodOf } from "../run/adapter-settings.ts";
import { engineManifest, taskManifest } from "../run/components.ts";
import { architectureFor, openModel, tokenizerIfPresent } from "../run/open-run.ts";
import { pluginFlags, registryWith } from "../run/plugins.ts";
import { sampleDifference } from "../run/sample-difference.ts";

export interface MergeFlags extends AdapterFlags {
  readonly plugin?: readonly string[];
  readonly adapter: string;
  readonly out: string;
  readonly model?: string;
  readonly revision?: string;
  readonly task?: string;
  readonly maxShardSize: number;
  readonly plain?: boolean;
  readonly engine: string;
  readonly json?: boolean;
}

export interface MergeInput {
  readonly flags: MergeFlags;
  /** Folder the checkpoint is made in, before it moves to `flags.out`. */
  readonly partial: string;
}

export interface Merged {
  readonly merged: number;
  readonly replaced: number;
  readonly files: readonly string[];
  readonly out: string;
  readonly texts: number;
  /** Whether these were drawn tokens, because the model has no tokenizer. */
  readonly areDrawn: boolean;
  readonly largestDifference: number;
  readonly largestLogit: number;
}

const BYTES_PER_GB = 1e9;

/** Writes a checkpoint with the adapter in its weights, and measures how far it is from the two of them apart. */
export async function merge({ flags, partial }: MergeInput): Promise<Merged> {
  requireEmptyFolder(flags.out);
  const registry = await registryWith(pluginFlags(flags.plugin));
  const settings = await adapterSettings(flags.adapter, flags);
  const given = givenHead(settings, flags, registry);
  const from = { ...flags, adapterFolder: settings.folder };
  const { folder: model, checkpoint } = await openModel(chosenModel(flags, settings), from);
  const head = given ?? peftHead(settings.folder, checkpoint.config, flags.adapter);
  const architecture = architectureFor(checkpoint.config, model, registry);
  const method = methodOf(settings, registry);
  const parts = { architecture, checkpoint, method };
  const tokenizer = await tokenizerIfPresent(model, settings.folder);
  const network = openNetwork(architecture, checkpoint, model, tokenizer?.special.pad);
  const adapted = await openAdapter(network, { folder: settings.folder, head, method, form: "trained" });
  const report = await mergeAdapter({
    ...parts,
    head,
    weights: adapted.weights,
    out: partial,
    maxShardBytes: flags.maxShardSize * BYTES_PER_GB,
    plain: flags.plain ?? false,
    maxSeqLength: adapted.maxSeqLength,
    ...(tokenizer && { padId: tokenizer.special.pad }),
  });
  copyChatTemplate(settings.folder, partial);
  if (tokenizer && head.kind === "language-model") await endTextsAt(partial, endIds(tokenizer));
  const merged = openBase(openNetwork(architecture, openCheckpoint(partial), flags.out), head);
  const engine = registry.resolve(engineManifest(flags.engine, registry), "engine");
  const difference = await sampleDifference(engine, tokenizer, adapted, merged);
  await engine.release();
  const { areDrawn: _, ...measured } = difference;
  await writeMergeRecord(partial, settings.folder, measured);
  await placeNewFolder(partial, flags.out);
  return { ...report, out: flags.out, ...difference };
}

function givenHead({ head }: AdapterSettings, { task }: MergeFlags, registry: Registry): Head | undefined {
  if (task === undefined) return head;
  const given = registry.resolve(taskManifest(task, registry), "task");
  return isLanguageModelTask(given) ? { kind: "language-model" } : given.head;
}

function peftHead(folder: string, config: JsonObject, adapter: string): Head {
  const head = headOf(readPeftConfig(folder).taskType, config);
  if (head !== undefined) return head;
  throw new InvalidInputError(
    `${adapter}: expected --task to name the labels of this adapter, because PEFT's files do not.`,
  );
}
