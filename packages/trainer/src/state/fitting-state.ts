import { configDifferences } from "@blora/runs";
import { InvalidInputError, type Json, type JsonObject, type Method } from "@blora/spec";
import type { Shape } from "@blora/tensor";
import type { TrainingState } from "./training-state.ts";

/** What of a prepared run decides it. */
interface PreparedSettings {
  readonly config: JsonObject;
  readonly model: { readonly method: Pick<Method, "training"> };
}

/**
 * Checks that a run can go on from a checkpoint of other settings: what is trained has the same method, sites and
 * shapes. Only a method that changes its parameters as it trains may have smaller ones; it does so by its own
 * settings, from its start to its end, so that none of them may be another.
 *
 * @param started the configuration of the checkpoint's run
 * @param fresh the state this run would begin with
 * @throws InvalidInputError naming the folder and the first thing that is another, or every setting of the method that is
 */
export function requireFittingState(
  folder: string,
  started: JsonObject,
  state: TrainingState,
  { config, model: { method } }: PreparedSettings,
  fresh: TrainingState,
): void {
  const changesShapes = method.training?.beforeStep !== undefined || method.training?.afterStep !== undefined;
  const [before, after] = [methodOf(started), methodOf(config)];
  const fault =
    before !== after
      ? `one of the method ${before} instead of ${after}`
      : changesShapes
        ? (settingsFault(started, config) ??
          sitesFault(state, fresh) ??
          faultOf(shapesOf(state), shapesOf(fresh), true))
        : (faultOf(shapesOf(state), shapesOf(fresh), false) ?? layoutFault(state, fresh));
  if (fault === undefined) return;
  throw new InvalidInputError(
    `${folder}: expected a checkpoint that these settings can go on from, found ${fault}. Choose another folder, or start anew with overwrite.`,
  );
}

function methodOf({ method }: JsonObject): Json | undefined {
  return (method as JsonObject | undefined)?.$plugin;
}

function settingsFault({ method: before }: JsonObject, { method: after }: JsonObject): string | undefined {
  const differences = configDifferences({ method: before! }, { method: after! });
  if (differences.length === 0) return undefined;
  return `one of a method that prunes by other settings (${differences.join("; ")})`;
}

function sitesFault({ paths: stored }: TrainingState, { paths: fresh }: TrainingState): string | undefined {
  const other = stored.find((path) => !fresh.includes(path));
  if (other !== undefined) return `the site ${other}, which they do not adapt`;
  const missing = fresh.find((path) => !stored.includes(path));
  return missing && `no site ${missing}`;
}

function shapesOf(state: TrainingState): Map<string, Shape> {
  return new Map([...state.entries()].map(([name, { parameter }]) => [name, parameter.shape]));
}

/** A layout holds what the values mean, such as the scale of their product. */
function layoutFault(state: TrainingState, fresh: TrainingState): string | undefined {
  for (const path of state.paths) {
    const [found, expected] = [state, fresh].map((of) => JSON.stringify(of.adapter(path).layout));
    if (found !== expected) return `${path} of ${found} instead of ${expected}`;
  }
  return undefined;
}

function faultOf(
  stored: ReadonlyMap<string, Shape>,
  fresh: ReadonlyMap<string, Shape>,
  changesShapes: boolean,
): string | undefined {
  for (const [name, shape] of stored) {
    const expected = fresh.get(name);
    if (expected === undefined && !changesShapes) return `the parameter ${name}, which they do not train`;
    if (expected === undefined) continue;
    const fits = (size: number, axis: number): boolean =>
      changesShapes ? size <= expected[axis]! : size === expected[axis];
    if (shape.length === expected.length && shape.every(fits)) continue;
    return `${name} of shape [${shape.join(", ")}] instead of [${expected.join(", ")}]`;
  }
  const missing = changesShapes ? undefined : [...fresh.keys()].find((name) => !stored.has(name));
  return missing && `no parameter ${missing}`;
}
