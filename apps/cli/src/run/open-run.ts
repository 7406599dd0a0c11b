import { builtinModelFolder } from "@blora/builtin";
import type { Registry } from "@blora/core";
import { resolveModel } from "@blora/hub";
import { type BaseModel, requireSameBase } from "@blora/network";
import { type Architecture, NotFoundError, type Tokenizer } from "@blora/spec";
import { loadTokenizer } from "@blora/tokenizer";
import type { RunParts } from "@blora/trainer";
import { type Checkpoint, openCheckpoint, safetensorsFolder } from "@blora/weights";
import { createDownloadLine } from "../output/download-line.ts";
import { printNote } from "../output/print-note.ts";
import { BUILTIN_MODEL } from "./builtin-model.ts";
import type { ResolvedRun } from "./resolve.ts";

/** Everything a run computes with. */
export type OpenRun = Omit<RunParts, "onEvent">;

/** Finds the model of a run, from the Hub where it is not here, and opens it. */
export async function openRun(run: ResolvedRun): Promise<OpenRun> {
  const { model = BUILTIN_MODEL, architecture, task, method, engine, costModel, data, dataset, registry } = run;
  const { folder, checkpoint } = await openModel({ model, revision: run.revision, sha256: run.modelSha256 }, run);
  return {
    architecture: architecture ?? architectureFor(checkpoint.config, folder, registry),
    method,
    task,
    costModel,
    engine,
    tokenizer: await openTokenizer(folder, run.adapterFolder),
    checkpoint,
    model,
    ...(data === undefined ? {} : { data }),
    ...(dataset === undefined ? {} : { dataset }),
    arguments: run.arguments,
  };
}

export interface OpenModel {
  readonly folder: string;
  readonly checkpoint: Checkpoint;
}

/**
 * The model a command uses, from the Hub where it is not here.
 *
 * @throws InvalidInputError where an adapter was trained on other weights than its folder holds now
 */
export async function openModel(
  base: BaseModel,
  { offline, adapterFolder }: { readonly offline?: boolean | undefined; readonly adapterFolder?: string | undefined },
): Promise<OpenModel> {
  const folder = await modelFolder(base.model, { offline, revision: base.revision });
  const checkpoint = openCheckpoint(folder);
  await requireSameBase(base, checkpoint, adapterFolder ?? folder);
  return { folder, checkpoint };
}

/** The tokenizer of a model, with the chat template of the adapter that is used with it, where that brings one. */
export function openTokenizer(model: string, adapterFolder: string | undefined): Promise<Tokenizer> {
  return loadTokenizer(model, { chatFrom: adapterFolder });
}

/** `openTokenizer`, and undefined where the model has none: its weights can be written all the same. */
export async function tokenizerIfPresent(model: string, adapterFolder: string): Promise<Tokenizer | undefined> {
  try {
    return await openTokenizer(model, adapterFolder);
  } catch (error) {
    if (NotFoundError.isInstance(error)) return undefined;
    throw error;
  }
}

/** The folder of a model: a folder itself, one of the Hub, or the built-in one. */
export async function modelFolder(
  model: string,
  { offline, revision }: { readonly offline?: boolean | undefined; readonly revision?: string | undefined },
): Promise<string> {
  if (model === BUILTIN_MODEL) return builtinModelFolder();
  const folder = await resolveModel(model, {
    onProgress: createDownloadLine(process.stderr),
    onNote: printNote,
    ...(offline === undefined ? {} : { offline }),
    ...(revision === undefined ? {} : { revision }),
  });
  return safetensorsFolder(folder);
}

/** The registered architecture that reads a checkpoint's `model_type`. */
export function architectureFor(config: unknown, folder: string, registry: Registry): Architecture {
  const modelType = (config as { model_type?: unknown } | null)?.model_type;
  const architectures = registry
    .ids("architecture")
    .map((id) => registry.resolve({ $plugin: `architecture/${id}` }, "architecture"));
  const found = architectures.find(({ modelTypes }) => modelTypes.includes(String(modelType)));
  if (found !== undefined) return found;
  const known = architectures.flatMap(({ modelTypes }) => modelTypes);
  throw new NotFoundError(
    `${folder}/config.json: expected a model_type that an architecture reads (${known.join(", ")}), found ${JSON.stringify(modelType) ?? "none"}.`,
  );
}
