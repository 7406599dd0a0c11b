import { basename, resolve } from "node:path";
import type { DatasetName } from "@blora/adapters";
import { bops } from "@blora/bops";
import { type Registry, writeManifest } from "@blora/core";
import { type HubReference, parseHubReference } from "@blora/data";
import {
  type Architecture,
  BloraError,
  type Component,
  type ComponentManifest,
  type CostModel,
  InvalidInputError,
  type PluginKind,
} from "@blora/spec";
import { parseTrainingArguments, type TrainingArgumentsInput } from "@blora/trainer";
import { UsageError } from "../exit.ts";
import { type AdapterSettings, chosenModel } from "./adapter-settings.ts";
import { assignmentsOf, blamed, flagsOf, manifestWith } from "./assignments.ts";
import { BUILTIN_MODEL } from "./builtin-model.ts";
import { engineManifest, methodManifest, methodName, taskManifest } from "./components.ts";
import { chooseConfig, readConfigs } from "./config-file.ts";
import type { Config } from "./config-manifest.ts";
import { asRecorded, openHubData } from "./hub-data.ts";
import { fullPathsOf } from "./option-paths.ts";
import { type PluginSource, pluginFlags, registryWith, requirePlugins } from "./plugins.ts";
import type { Assignment, RunRequest } from "./request.ts";
import { ownDataTask, taskOfData } from "./task-of-data.ts";
import { argumentsWith } from "./training-arguments.ts";

/** A run with everything decided and every component made; no model, tokenizer or data is open yet. */
export interface ResolvedRun {
  readonly registry: Registry;
  /** Hub id or folder; undefined for the built-in model. */
  readonly model: string | undefined;
  readonly revision: string | undefined;
  /** Content it must have, where an adapter was trained on it. */
  readonly modelSha256: string | undefined;
  readonly adapterFolder: string | undefined;
  /** Undefined where the environment decides. */
  readonly offline: boolean | undefined;
  /** Undefined where the checkpoint's `model_type` decides. */
  readonly architecture: Architecture | undefined;
  readonly task: Component<"task">;
  readonly method: Component<"method">;
  readonly engine: Component<"engine">;
  readonly costModel: CostModel;
  /** As it was named: a folder, or a data set of the Hub. */
  readonly dataName: string | undefined;
  /** Absolute path of a file or folder. */
  readonly data: string | undefined;
  /** The data set of the Hub that `data` holds. */
  readonly dataset: DatasetName | undefined;
  readonly arguments: TrainingArgumentsInput;
  /** What was understood of the data, where the task asked them. */
  readonly understood: string | undefined;
  /** Run directory. */
  readonly out: string;
}

/**
 * Decides every setting of a run, in this order: flags, the config file, the
 * adapter it starts from, defaults.
 *
 * @throws UsageError for a value of a flag that is of the wrong type or has no place
 * @throws InvalidInputError for a config file that cannot be read
 * @throws NotFoundError for a name that nothing has
 */
export async function resolveRun(request: RunRequest, adapter?: AdapterSettings): Promise<ResolvedRun> {
  const { config: file } = request;
  const config = file === undefined ? undefined : await configOf(file, request.task ?? adapter?.task);
  const registry = await registryWith([...pluginFlags(request.plugin), ...listed(config, file)]);
  const set = assignmentsOf(request);
  const make = { registry, file };
  const model = request.model ?? config?.model;
  const isBuiltin = model === undefined && adapter === undefined;
  const base = chosenModel({ model: isBuiltin ? BUILTIN_MODEL : model, revision: request.revision }, adapter);
  const dataName = request.data ?? config?.data;
  const { data, dataset } = await openData(dataName, request, config === undefined ? adapter : undefined);
  const chosen = {
    task: await taskOf(request, config, adapter, { data, registry }),
    method: methodOf(request, config, adapter, registry),
    engine: engineOf(request, config, registry),
  };
  const training = argumentsWith(config?.training ?? {}, set.arguments, manifestsOf(Object.values(chosen)), registry);
  const task = await completed(chosen.task, set.task, data, registry);
  const run = {
    registry,
    model: isBuiltin ? undefined : base.model,
    revision: base.revision,
    modelSha256: base.sha256,
    adapterFolder: adapter?.folder,
    offline: request.offline,
    architecture: config?.architecture,
    task: makeComponent("task", task.chosen, set.task, make),
    understood: task.sentence,
    method: makeComponent("method", chosen.method, set.method, make),
    engine: makeComponent("engine", chosen.engine, set.engine, make),
    costModel: config?.costModel ?? bops(),
    dataName,
    data,
    dataset,
    arguments: {
      ...(adapter?.maxSeqLength !== undefined && { maxSeqLength: adapter.maxSeqLength }),
      ...training,
    },
  };
  return { ...run, out: resolve(request.out ?? config?.out ?? `runs/${runName(run)}`) };
}

async function configOf(file: string, task: string | undefined): Promise<Config> {
  return chooseConfig(file, await readConfigs(file), task);
}

/** Plugins that a config file lists. */
function listed(config: Config | undefined, file: string | undefined): readonly PluginSource[] {
  return (config?.plugins ?? []).map((name) => ({ name, place: `${file}: plugins: ${name}` }));
}

/** A component as a config file holds it, or what to make one from. */
type Chosen<K extends PluginKind> =
  | { readonly value: Component<K> }
  | {
      readonly manifest: ComponentManifest<K>;
      /** Whether the data are to be asked for what it leaves open. */
      readonly isOpen?: boolean;
      /** Whether it has what flags set already, as data completed it. */
      readonly isComplete?: boolean;
    };

/** The task of the config file or the adapter, or one by its name, which data may complete. */
async function taskOf(
  { task }: RunRequest,
  config: Config | undefined,
  adapter: AdapterSettings | undefined,
  { data, registry }: { readonly data: string | undefined; readonly registry: Registry },
): Promise<Chosen<"task">> {
  if (config !== undefined && (task === undefined || task === config.task.name)) return { value: config.task };
  if (adapter?.taskManifest !== undefined && (task === undefined || task === adapter.task)) {
    requirePlugins(adapter.taskManifest, registry, adapter.folder);
    return { manifest: adapter.taskManifest };
  }
  const name = task ?? adapter?.task ?? (data === undefined ? "builtin" : await ownDataTask(data, registry));
  return { manifest: taskManifest(name, registry), isOpen: true };
}

async function completed(
  chosen: Chosen<"task">,
  assignments: readonly Assignment[],
  data: string | undefined,
  registry: Registry,
): Promise<{ readonly chosen: Chosen<"task">; readonly sentence?: string | undefined }> {
  if ("value" in chosen || !chosen.isOpen) return { chosen };
  const { manifest, sentence } = await taskOfData(chosen.manifest, assignments, data, registry);
  return { chosen: { manifest, isComplete: sentence !== undefined }, sentence };
}

function methodOf(
  { method }: RunRequest,
  config: Config | undefined,
  adapter: AdapterSettings | undefined,
  registry: Registry,
): Chosen<"method"> {
  if (typeof method === "object") return { manifest: method };
  if (method !== undefined) return { manifest: methodManifest(method, registry) };
  if (config !== undefined) return { value: config.method };
  if (adapter === undefined) return { manifest: methodManifest("blora", registry) };
  requirePlugins(adapter.method, registry, adapter.folder);
  return { manifest: adapter.method };
}

/** The engine that flags name, with what they set of it, for a command that runs a model and nothing else of a run. */
export function resolveEngine(request: RunRequest, registry: Registry): Component<"engine"> {
  const { engine, arguments: other, method, task } = assignmentsOf(request);
  const chosen = engineOf(request, undefined, registry);
  const [foreign] = [...other, ...method, ...task];
  if (foreign !== undefined) {
    const [meant] = fullPathsOf(foreign.path, manifestsOf([chosen]), registry);
    const example = meant === undefined ? "engine.precision=int8" : `${meant}=<value>`;
    throw new UsageError(`${foreign.flag}: expected an option of the engine, such as ${example}.`);
  }
  return makeComponent("engine", chosen, engine, { registry, file: undefined });
}

function engineOf({ engine }: RunRequest, config: Config | undefined, registry: Registry): Chosen<"engine"> {
  if (engine === undefined && config?.engine !== undefined) return { value: config.engine };
  return { manifest: engineManifest(engine ?? "onnx", registry) };
}

interface Making {
  readonly registry: Registry;
  /** The config file, where there is one. */
  readonly file: string | undefined;
}

/** The component with what flags change of it. */
function makeComponent<K extends PluginKind>(
  kind: K,
  chosen: Chosen<K>,
  assignments: readonly Assignment[],
  { registry, file }: Making,
): Component<K> {
  if (assignments.length === 0) {
    return "value" in chosen ? chosen.value : registry.resolve(chosen.manifest, kind);
  }
  const flags = flagsOf(assignments);
  const manifest = "value" in chosen ? manifestOf(kind, chosen.value, flags, file) : chosen.manifest;
  const isComplete = "manifest" in chosen && chosen.isComplete === true;
  try {
    return registry.resolve(isComplete ? manifest : assignments.reduce(manifestWith, manifest), kind);
  } catch (error) {
    if (!BloraError.isInstance(error)) throw error;
    const wrong = blamed(error, assignments);
    // What the data completed wrongly is no fault of a flag.
    if (isComplete && wrong.length === 0) throw error;
    throw new UsageError(`${wrong.length === 0 ? flags : flagsOf(wrong)}: ${inOptions(error.message, kind)}`, {
      cause: error,
    });
  }
}

/** A message that names its place in a manifest, in the words of `--set`. */
function inOptions(message: string, kind: PluginKind): string {
  return message.replace(/^manifest([^:\s]*)/, (_, path: string) => kind + path.replaceAll(".options", ""));
}

/** What a component of a config file was made from, so that flags can change it. */
function manifestOf<K extends PluginKind>(
  kind: K,
  component: Component<K>,
  flags: string,
  file: string | undefined,
): ComponentManifest<K> {
  if (component.manifest === undefined) {
    throw new UsageError(
      `${flags}: expected a ${kind} in ${file} that a plugin made, found one that does not say how it was made. Change it there, or name another with --${kind}.`,
    );
  }
  try {
    return writeManifest(component);
  } catch (error) {
    if (!InvalidInputError.isInstance(error)) throw error;
    throw new UsageError(`${flags}: the ${kind} in ${file} cannot be made again: ${error.message}`, { cause: error });
  }
}

/** Manifests of components that know how they were made. */
function manifestsOf(chosen: readonly Chosen<PluginKind>[]): readonly ComponentManifest[] {
  return chosen.flatMap((one) => ("manifest" in one ? [one.manifest] : (one.value.manifest ?? [])));
}

/** Model, task, method and seed; the built-in model goes without saying. */
function runName({ model, task, method, arguments: args }: Omit<ResolvedRun, "out">): string {
  const named = model === undefined || model === BUILTIN_MODEL ? [] : [basename(resolve(model))];
  return [...named, task.name, methodName(method.manifest), parseTrainingArguments({ seed: args.seed }).seed].join("-");
}

/**
 * The data of a run: a file or folder, or a data set of the Hub, at the commit the adapter was trained on where it is
 * that one. An adapter that was trained on one has it where no other data are named, and no other task.
 */
async function openData(
  name: string | undefined,
  { offline = false, task }: RunRequest,
  adapter: AdapterSettings | undefined,
): Promise<Pick<ResolvedRun, "data" | "dataset">> {
  const recorded = adapter?.dataset?.revision === undefined ? undefined : adapter.dataset;
  const isItsTask = task === undefined || task === adapter?.task;
  const reference = name === undefined ? (isItsTask ? recorded : undefined) : hubReference(name);
  if (reference === undefined) return { data: name === undefined ? undefined : resolve(name), dataset: undefined };
  const { folder, dataset } = await openHubData(asRecorded(reference, recorded), offline);
  return { data: folder, dataset };
}

function hubReference(name: string): HubReference | undefined {
  try {
    return parseHubReference(name);
  } catch (error) {
    if (!InvalidInputError.isInstance(error)) throw error;
    throw new UsageError(`--data: ${error.message}`, { cause: error });
  }
}
