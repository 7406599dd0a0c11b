import { existsSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { readJsonFile } from "@blora/files";
import { didYouMean, InvalidInputError, type JsonObject, NotFoundError } from "@blora/spec";
import { parseTrainingArguments, type TrainingArgumentsInput } from "@blora/trainer";
import { type Config, configOfManifest } from "./config-manifest.ts";
import { importModule } from "./import-module.ts";
import { registryWith } from "./plugins.ts";

const CONFIG_FILE = "blora.config.ts";
const MODULE_OR_MANIFEST = /\.(?:[cm]?[jt]s|json)$/;

/** The runs a configuration file describes: one, or a list with a task each. */
export async function readConfigs(path: string): Promise<readonly Config[]> {
  const file = resolve(path);
  requireConfigFile(path, file);
  if (file.endsWith(".json")) return toConfigs(path, await readManifest(file));
  const exported = (await importModule(file, path, file)) as { readonly default?: unknown };
  return toConfigs(path, exported.default);
}

function requireConfigFile(path: string, file: string): void {
  if (!existsSync(file)) throw new NotFoundError(`${path}: expected a configuration file, found none.`);
  if (statSync(file).isDirectory()) {
    const inside = existsSync(join(file, CONFIG_FILE)) ? ` Did you mean ${join(path, CONFIG_FILE)}?` : "";
    throw new InvalidInputError(`${path}: expected a configuration file, found a folder.${inside}`);
  }
  if (MODULE_OR_MANIFEST.test(file)) return;
  throw new InvalidInputError(
    `${path}: expected a configuration file in TypeScript, JavaScript or JSON (.ts, .js, .json), found ${JSON.stringify(basename(file))}.`,
  );
}

/** A configuration that came from another machine, as `configManifest` writes it. */
async function readManifest(file: string): Promise<Config> {
  const manifest = readJsonFile(file) as JsonObject;
  const { plugins = [] } = manifest;
  if (!isListOfNames(plugins)) throw new InvalidInputError(`${file}: expected plugins to be a list of names.`);
  const registry = await registryWith(
    (plugins as string[]).map((name) => ({ name, place: `${file}: plugins: ${name}` })),
  );
  return configOfManifest(manifest, registry);
}

/** The default export of a configuration file. @throws InvalidInputError where it is not what it should be */
export function toConfigs(path: string, exported: unknown): readonly Config[] {
  const configs: readonly unknown[] = Array.isArray(exported) ? exported : [exported];
  if (configs.length === 0 || !configs.every(isConfig)) {
    throw new InvalidInputError(
      `${path}: expected a default export made by defineConfig with a task and a method, or a list of them.`,
    );
  }
  const { plugins } = configs.find(({ plugins = [] }) => !isListOfNames(plugins)) ?? {};
  if (plugins !== undefined) {
    const found = JSON.stringify(plugins, (_, value: unknown) => (typeof value === "function" ? "a function" : value));
    throw new InvalidInputError(`${path}: expected plugins to be a list of packages and files, found ${found}.`);
  }
  for (const { training = {} } of configs) requireArguments(path, training);
  const tasks = configs.map(({ task }) => task.name);
  const repeated = tasks.find((name, index) => tasks.indexOf(name) !== index);
  if (repeated === undefined) return configs;
  throw new InvalidInputError(
    `${path}: expected one run for each task, found several for ${repeated}. Use a file each.`,
  );
}

/** The only run of a file, or of several the one on a task. */
export function chooseConfig(path: string, configs: readonly Config[], task: string | undefined): Config {
  if (configs.length === 1) return configs[0]!;
  const found = configs.find((config) => config.task.name === task);
  if (found !== undefined) return found;
  const known = configs.map((config) => config.task.name);
  const problem =
    task === undefined
      ? `${path} has a run for each of several tasks.`
      : `${path} has no run on the task "${task}".${didYouMean(task, known)}`;
  throw new NotFoundError(`${problem} Choose one with --task: ${known.join(", ")}.`);
}

/** Names and manifests of a task or a method are none: a configuration holds what plugins made. */
function isConfig(value: unknown): value is Config {
  if (!isObject(value) || !isObject(value.task) || !isObject(value.method)) return false;
  return typeof value.task.name === "string" && typeof value.method.init === "function";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function requireArguments(path: string, training: TrainingArgumentsInput): void {
  try {
    parseTrainingArguments(training);
  } catch (error) {
    if (!InvalidInputError.isInstance(error)) throw error;
    throw new InvalidInputError(`${path}: ${error.message}`, { cause: error });
  }
}

function isListOfNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === "string");
}
