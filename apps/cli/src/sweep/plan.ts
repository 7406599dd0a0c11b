import { basename } from "node:path";
import { HARMLESS_ARGUMENTS } from "@blora/runs";
import { InvalidInputError, type Json, type JsonObject } from "@blora/spec";
import { parseTrainingArguments } from "@blora/trainer";
import { sha256 } from "@blora/weights";
import type { Config } from "../run/config-file.ts";
import { BUILTIN_MODEL } from "../run/resolve.ts";

/** A run that recipes ask for. */
export interface PlannedRun {
  /** Task, method, settings and seed: where the run and its record are kept. */
  readonly name: string;
  /** The recipe's file name without its ending. */
  readonly recipe: string;
  readonly recipeFile: string;
  readonly task: string;
  readonly seed: number;
  readonly settings: JsonObject;
  readonly settingsId: string;
}

const ID_LENGTH = 8;

/** A recipe file and the runs it describes. */
export interface Recipe {
  readonly file: string;
  readonly configs: readonly Config[];
}

/**
 * Every run of the recipes, the first seed of all of them before the second of
 * any. Runs that two recipes share are planned once.
 */
export function planSweep(recipes: readonly Recipe[], seeds: readonly number[]): PlannedRun[] {
  const runs = new Map<string, PlannedRun>();
  for (const seed of seeds) {
    for (const { file, configs } of recipes) {
      for (const config of configs) {
        const run = plannedRun(file, config, seed);
        if (!runs.has(run.name)) runs.set(run.name, run);
      }
    }
  }
  return [...runs.values()];
}

function plannedRun(recipeFile: string, config: Config, seed: number): PlannedRun {
  if (config.out !== undefined || config.training?.seed !== undefined) {
    throw new InvalidInputError(`${recipeFile}: expected neither out nor training.seed, which the sweep chooses.`);
  }
  const settings = settingsOf(config);
  const settingsId = sha256(JSON.stringify(sorted(settings))).slice(0, ID_LENGTH);
  const task = config.task.name;
  return {
    name: [task, methodName(config), settingsId, seed].join("-"),
    recipe: basename(recipeFile).replace(/\.[cm]?[jt]s$/, ""),
    recipeFile,
    task,
    seed,
    settings,
    settingsId,
  };
}

/**
 * What a result depends on, besides the seed and the data's own content. A
 * model is known by its last name, so that a local copy is the same model.
 */
function settingsOf({ model, architecture, task, method, costModel, training }: Config): JsonObject {
  const { seed: _, ...args } = parseTrainingArguments(training ?? {});
  const kept = Object.entries(args).filter(([name]) => !HARMLESS_ARGUMENTS.includes(name));
  return toJson({
    model: basename(model ?? BUILTIN_MODEL),
    architecture,
    task,
    method,
    costModel,
    training: Object.fromEntries(kept),
  });
}

function methodName({ method }: Config): string {
  return method.manifest.$plugin.replace("method/", "");
}

/** Components as their manifests; what is undefined is left out. */
function toJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}

/** Keys in alphabetical order, so that the order a recipe writes them in does not matter. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item as Json)]));
}
