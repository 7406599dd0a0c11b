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
import { type Assignment, assignmentsOf, manifestWith } from "./assignments.ts";
import { BUILTIN_MODEL } from "./builtin-model.ts";
import { engineManifest, methodManifest, taskManifest } from "./components.ts";
import { type Config, chooseConfig, readConfigs } from "./config-file.ts";
import { asRecorded, openHubData } from "./hub-data.ts";
import { type PluginSource, pluginFlags, registryWith, requirePlugins } from "./plugins.ts";
import type { RunRequest } from "./request.ts";
import { type OptionTree, withOption } from "./set-option.ts";
import { ownDataTask, taskOfData } from "./task-of-data.ts";

/** A run with everything decided and every component made; no model, tokenizer or data is open yet. */
export interface ResolvedRun {
  readonly registry: Registry;
  /** Hub id or folder; undefined for the built-in model. */
  readonly model: string | undefined;
  readonly revision: string | undefined;
  /** Content it must have, where an adapter was trained on it. */
  readonly modelSha256: string | undefined;
  readonly adapterFolder: string | undefined;
  readonly offline: boolean;
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
  const base =
    model === undefined && adapter === undefined
      ? undefined
      : chosenModel({ model, revision: request.revision }, adapter);
  const dataName = request.data ?? config?.data;
  const { data, dataset } = await openData(dataName, request, config === undefined ? adapter : undefined);
  const task = await chosenTask(request, config, adapter, { data, registry, assignments: set.task });
  const run = {
    registry,
    model: base?.model,
    revision: base === undefined ? request.revision : base.revision,
    modelSha256: base?.sha256,
    adapterFolder: adapter?.folder,
    offline: request.offline ?? false,
    architecture: config?.architecture,
    task: makeComponent("task", task.chosen, set.task, make),
    understood: task.sentence,
    method: makeComponent("method", methodOf(request, config, adapter, registry), set.method, make),
    engine: makeComponent("engine", engineOf(request, config, registry), set.engine, make),
    costModel: config?.costModel ?? bops(),
    dataName,
    data,
    dataset,
    arguments: {
      ...(adapter?.maxSeqLength !== undefined && { maxSeqLength: adapter.maxSeqLength }),
      ...argumentsWith(config?.training ?? {}, set.arguments),
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
      /** Whether it has what flags set already, as data completed it. */
      readonly isComplete?: boolean;
    };

/** The task of the config file or the adapter, or one by its name, which data may complete. */
async function chosenTask(
  { task }: RunRequest,
  config: Config | undefined,
  adapter: AdapterSettings | undefined,
  parts: {
    readonly data: string | undefined;
    readonly registry: Registry;
    readonly assignments: readonly Assignment[];
  },
): Promise<{ readonly chosen: Chosen<"task">; readonly sentence?: string | undefined }> {
  const { data, registry, assignments } = parts;
  if (config !== undefined && (task === undefined || task === config.task.name))
    return { chosen: { value: config.task } };
  if (adapter?.taskManifest !== undefined && (task === undefined || task === adapter.task)) {
    requirePlugins(adapter.taskManifest, registry, adapter.folder);
    return { chosen: { manifest: adapter.taskManifest } };
  }
  const name = task ?? adapter?.task ?? (data === undefined ? "builtin" : await ownDataTask(data, registry));
  const { manifest, sentence } = await taskOfData(taskManifest(name, registry), assignments, data, registry);
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
  const foreign = [...other, ...method, ...task][0];
  if (foreign !== undefined) {
    throw new UsageError(`${foreign.flag}: expected an option of the engine, such as engine.precision=int8.`);
  }
  return makeComponent("engine", engineOf(request, undefined, registry), engine, { registry, file: undefined });
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
  const flags = assignments.map(({ flag }) => flag).join(" ");
  const manifest = "value" in chosen ? manifestOf(kind, chosen.value, flags, file) : chosen.manifest;
  try {
    const isComplete = "manifest" in chosen && chosen.isComplete === true;
    return registry.resolve(isComplete ? manifest : assignments.reduce(manifestWith, manifest), kind);
  } catch (error) {
    if (!BloraError.isInstance(error)) throw error;
    throw new UsageError(`${flags}: ${inOptions(error.message, kind)}`, { cause: error });
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

/** Training arguments with what flags set, each checked by itself so that an error names its flag. */
function argumentsWith(given: TrainingArgumentsInput, assignments: readonly Assignment[]): TrainingArgumentsInput {
  let tree = given as OptionTree;
  for (const { flag, path, value } of assignments) {
    try {
      parseTrainingArguments(withOption({}, path, value));
    } catch (error) {
      if (!InvalidInputError.isInstance(error)) throw error;
      throw new UsageError(`${flag}: ${error.message.replace(/^Training arguments: /, "")}`, { cause: error });
    }
    tree = withOption(tree, path, value);
  }
  return tree as TrainingArgumentsInput;
}

/** Model, task, method and seed; the built-in model goes without saying. */
function runName({ model, task, method, arguments: args }: Omit<ResolvedRun, "out">): string {
  const named = model === undefined || model === BUILTIN_MODEL ? [] : [basename(resolve(model))];
  return [...named, task.name, methodName(method), parseTrainingArguments({ seed: args.seed }).seed].join("-");
}

/** Id of the plugin a method was made by. */
function methodName({ manifest }: Partial<Component<"method">>): string {
  return manifest?.$plugin.replace("method/", "") ?? "custom";
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
