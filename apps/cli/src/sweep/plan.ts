import { basename } from "node:path";
import { decidingSettings, fingerprintOf } from "@blora/runs";
import { InvalidInputError, type JsonObject } from "@blora/spec";
import { describeRun, type RunInputs, readData } from "@blora/trainer";
import { checkpointSha256 } from "@blora/weights";
import { BUILTIN_MODEL } from "../run/builtin-model.ts";
import { methodName } from "../run/components.ts";
import type { Config } from "../run/config-manifest.ts";
import { type OpenRun, openRun } from "../run/open-run.ts";
import { planRun } from "../run/planned-model.ts";
import type { RunRequest } from "../run/request.ts";
import { resolveRun } from "../run/resolve.ts";
import { recipeNames } from "./recipe-names.ts";

/** A run that recipes ask for. */
export interface PlannedRun {
  /** Task, method, settings and seed: where the run and its record are kept. */
  readonly name: string;
  /** See `recipeNames`. */
  readonly recipe: string;
  readonly recipeFile: string;
  /** Last part of the model's name, for people: `settings` know it by its content. */
  readonly model: string;
  readonly task: string;
  readonly seed: number;
  /** Everything the result depends on but the seed, see `decidingSettings`. */
  readonly settings: JsonObject;
  readonly settingsId: string;
  /** What training takes; 0 where nobody asked, or its engine cannot tell. */
  readonly memoryBytes: number;
}

const ID_LENGTH = 8;

/** A recipe file and the runs it describes. */
export interface Recipe {
  readonly file: string;
  readonly configs: readonly Config[];
}

/**
 * Every run of the recipes, the first seed of all of them before the second of any. Runs that two recipes share are
 * planned once. Reads weights and data: a run is known by their content.
 *
 * @param shared what goes for every run: data, engine
 * @param measures whether to find out what memory each takes, for whoever chooses machines
 * @throws for whatever no run could use, see `resolveRun`
 */
export async function planSweep(
  recipes: readonly Recipe[],
  seeds: readonly number[],
  shared: RunRequest = {},
  measures = false,
): Promise<PlannedRun[]> {
  const inputs = createInputs();
  const recipesRuns: Omit<PlannedRun, "name" | "seed">[] = [];
  const names = recipeNames(recipes.map(({ file }) => file));
  for (const { file, configs } of recipes) {
    for (const config of configs) {
      const { run, ...planned } = await plannedRun(file, config, shared, inputs);
      recipesRuns.push({ ...planned, recipe: names.get(file)!, memoryBytes: measures ? memoryOf(run) : 0 });
    }
  }
  const runs = new Map<string, PlannedRun>();
  for (const seed of seeds) {
    for (const run of recipesRuns) {
      const name = [run.task, methodName(run.settings.method), run.settingsId, seed].join("-");
      if (!runs.has(name)) runs.set(name, { name, ...run, seed });
    }
  }
  return [...runs.values()];
}

async function plannedRun(
  recipeFile: string,
  config: Config,
  shared: RunRequest,
  inputs: Inputs,
): Promise<Omit<PlannedRun, "name" | "recipe" | "seed" | "memoryBytes"> & { readonly run: OpenRun }> {
  if (config.out !== undefined || config.training?.seed !== undefined) {
    throw new InvalidInputError(`${recipeFile}: expected neither out nor training.seed, which the sweep chooses.`);
  }
  const task = config.task.name;
  const run = await openRun(await resolveRun({ ...shared, config: recipeFile, task }));
  const settings = withoutSeed(decidingSettings(describeRun(run, await inputs.of(run))));
  return {
    run,
    recipeFile,
    model: basename(config.model ?? BUILTIN_MODEL),
    task,
    settings,
    settingsId: fingerprintOf(settings).slice(0, ID_LENGTH),
  };
}

function memoryOf(run: OpenRun): number {
  if (run.engine.plan === undefined) return 0;
  return planRun({ ...run, config: run.checkpoint.config }).plan.train.totalBytes;
}

/** Settings of a run but for its seed, which the sweep chooses. */
export function withoutSeed(settings: JsonObject): JsonObject {
  const { seed: _, ...args } = settings.arguments as JsonObject;
  return { ...settings, arguments: args };
}

interface Inputs {
  of(run: OpenRun): Promise<RunInputs>;
}

/** Content of networks and data, each read once, though many recipes share them. */
function createInputs(): Inputs {
  const models = new Map<string, Promise<string>>();
  const data = new Map<string, Promise<JsonObject>>();
  const once = <Value>(known: Map<string, Promise<Value>>, key: string, read: () => Promise<Value>): Promise<Value> => {
    const found = known.get(key) ?? read();
    known.set(key, found);
    return found;
  };
  return {
    async of(run) {
      const { checkpoint, task, architecture, data: folder, arguments: args = {} } = run;
      const { maxSeqLength, maxTrainSamples, maxEvalSamples } = args;
      const read = {
        checkpoint: checkpoint.folder,
        architecture,
        folder,
        maxSeqLength,
        maxTrainSamples,
        maxEvalSamples,
      };
      return {
        modelSha256: await once(models, checkpoint.folder, () => checkpointSha256(checkpoint)),
        data: await once(data, JSON.stringify({ ...read, task }), () => readData(run)),
        engine: await run.engine.describe(),
      };
    },
  };
}
