import { resolve } from "node:path";
import { bops } from "@blora/bops";
import { builtinModelFolder } from "@blora/builtin";
import { type Architecture, NotFoundError } from "@blora/spec";
import { loadTokenizer } from "@blora/tokenizer";
import type { RunParts } from "@blora/trainer";
import { openCheckpoint, resolveModel } from "@blora/weights";
import { registry } from "../registry.ts";
import { type Config, chooseConfig, readConfigs } from "./config-file.ts";
import type { RunSettings } from "./settings.ts";

/** Name the built-in model goes by where users see it. */
export const BUILTIN_MODEL = "builtin";

/** A run with every component made and the checkpoint open. */
export interface LoadedRun {
  readonly parts: Omit<RunParts, "onEvent">;
  readonly out: string;
}

/** Makes everything a run needs from its settings; a config file's values win over the settings it names. */
export async function loadRun(settings: RunSettings): Promise<LoadedRun> {
  const config = await configOf(settings);
  const model = config?.model ?? settings.model;
  const folder = await modelFolder(model, settings);
  const checkpoint = await openCheckpoint(folder);
  const data = config?.data ?? settings.data;
  return {
    parts: {
      architecture: config?.architecture ?? architectureFor(checkpoint.config, folder),
      method: config?.method ?? registry.resolve(settings.method, "method"),
      task: config?.task ?? registry.resolve(settings.task, "task"),
      costModel: config?.costModel ?? bops(),
      engine: config?.engine ?? registry.resolve(settings.engine, "engine"),
      tokenizer: await loadTokenizer(folder),
      checkpoint,
      model: model ?? BUILTIN_MODEL,
      ...(data === undefined ? {} : { data: resolve(data) }),
      arguments: { ...config?.training, ...settings.arguments },
    },
    out: resolve(config?.out ?? settings.out),
  };
}

/** The folder of a model: a folder itself, one of the Hub, or the built-in one where none is named. */
export async function modelFolder(
  model: string | undefined,
  { offline, revision }: { readonly offline?: boolean | undefined; readonly revision?: string | undefined },
): Promise<string> {
  if (model === undefined || model === BUILTIN_MODEL) return builtinModelFolder();
  return resolveModel(model, {
    ...(offline === undefined ? {} : { offline }),
    ...(revision === undefined ? {} : { revision }),
  });
}

/** The registered architecture that reads a checkpoint's `model_type`. */
export function architectureFor(config: unknown, folder: string): Architecture {
  const modelType = (config as { model_type?: unknown } | null)?.model_type;
  const architectures = registry.ids("architecture").map((id) => registry.create("architecture", id));
  const found = architectures.find(({ modelTypes }) => modelTypes.includes(String(modelType)));
  if (found !== undefined) return found;
  const known = architectures.flatMap(({ modelTypes }) => modelTypes);
  throw new NotFoundError(
    `${folder}/config.json: no architecture reads model_type ${JSON.stringify(modelType)}; known: ${known.join(", ")}.`,
  );
}

async function configOf({ configFile, taskName }: RunSettings): Promise<Config | undefined> {
  return configFile === undefined ? undefined : chooseConfig(configFile, await readConfigs(configFile), taskName);
}
