import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Architecture } from "./architecture.ts";
import type { ArtefactStore } from "./artefact-store.ts";
import type { CostModel } from "./cost-model.ts";
import type { Engine } from "./engine.ts";
import { PluginError } from "./errors.ts";
import { requireValid } from "./explain-issues.ts";
import type { Gate } from "./gate.ts";
import type { JobEngine } from "./job-engine.ts";
import type { Method } from "./method.ts";
import type { Quantizer } from "./quantizer.ts";
import type { Task } from "./task.ts";

/** The plugin API this package speaks. A registry refuses any other. */
export const PLUGIN_API_VERSION = "v1";

/** Every kind of plugin and the interface its components implement. Declaration merging adds a kind. */
export interface PluginKinds {
  gate: Gate;
  quantizer: Quantizer;
  method: Method;
  architecture: Architecture;
  task: Task;
  costModel: CostModel;
  engine: Engine;
  jobs: JobEngine;
  store: ArtefactStore;
}

export type PluginKind = keyof PluginKinds;

/** The JSON form of a component: enough to make the same one again. */
export interface ComponentManifest<K extends PluginKind = PluginKind> {
  readonly $plugin: `${K}/${string}`;
  readonly options?: unknown;
}

/** What tells how a component was made. */
export interface Described<K extends PluginKind> {
  readonly manifest: ComponentManifest<K>;
  /** The manifest with every default of its own in place: components are equal where these are. */
  readonly completeManifest: ComponentManifest<K>;
  toJSON(): ComponentManifest<K>;
}

/** A plugin's product: the interface of its kind, and the manifest it came from. */
export type Component<K extends PluginKind> = PluginKinds[K] & Described<K>;

/** Options that data have completed, and what was understood, in one sentence. */
export interface Understood<Options> {
  readonly options: Options;
  readonly sentence: string;
}

/** Completes the options that are given from a data file or folder. */
export type OptionsFromData = (data: string, given: Readonly<Record<string, unknown>>) => Promise<Understood<unknown>>;

/** A function from options to a component, with the facts a registry needs. */
export interface Plugin<K extends PluginKind, Id extends string, Options, Product extends PluginKinds[K]> {
  (...options: undefined extends Options ? [options?: Options] : [options: Options]): Product & Described<K>;
  readonly kind: K;
  readonly id: Id;
  readonly apiVersion: string;
  /** npm package that provides it, recorded in manifests. */
  readonly packageName: string | undefined;
  /** What the options must be. Calling the plugin checks them. */
  readonly optionsSchema: StandardSchemaV1;
  /** Options that data complete, such as the names of classes; what is given is kept. Undefined where data say nothing. */
  readonly fromData: OptionsFromData | undefined;
  /** Whether data are of the kind it reads, asked where no task is named. Undefined where data of any kind may be. */
  readonly recognizes: ((data: string) => Promise<boolean>) | undefined;
}

/** Any plugin, for lists of them. */
export interface AnyPlugin {
  (options: never): unknown;
  readonly kind: PluginKind;
  readonly id: string;
  readonly apiVersion: string;
  readonly packageName: string | undefined;
  readonly optionsSchema: StandardSchemaV1;
  readonly fromData: OptionsFromData | undefined;
  /** Whether data are of the kind it reads, asked where no task is named. Undefined where data of any kind may be. */
  readonly recognizes: ((data: string) => Promise<boolean>) | undefined;
}

/** What an author writes. `Options` is what is given, `Settings` what the schema makes of it. */
export interface PluginDefinition<
  K extends PluginKind,
  Id extends string,
  Options,
  Settings,
  Product extends PluginKinds[K],
> {
  readonly kind: K;
  /** Lower-case words joined by hyphens, unique within the kind. */
  readonly id: Id;
  readonly packageName?: string;
  /** Refuses unknown keys, and takes its own output: manifests hold that. `noOptions` for a plugin without options. */
  readonly optionsSchema: StandardSchemaV1<Options, Settings>;
  /**
   * Completes options from a data file or folder, where these say what a user would otherwise have to. Errors about
   * what is given name it by `wrongOptions`; others are about the data.
   */
  fromData?(data: string, given: Partial<Options>): Promise<Understood<Options>>;
  /** Whether a data file or folder is of the kind it reads, at a glance, where others read other kinds. */
  recognizes?(data: string): Promise<boolean>;
  /** Makes the component of options that the schema has checked. */
  create(settings: Settings): Product;
}

/**
 * Makes a plugin from a function of its options. Calling the plugin checks the
 * options and gives a component that remembers them, so `JSON.stringify` writes
 * a manifest that a registry turns back into the same component. Wrong options
 * are an `InvalidInputError` that lists every problem.
 *
 * @example
 * const optionsSchema = z.strictObject({ bits: z.int().min(2) });
 * export const uniform = definePlugin({ kind: "quantizer", id: "uniform", optionsSchema, create: ({ bits }) => … });
 */
export function definePlugin<
  const K extends PluginKind,
  const Id extends string,
  Options,
  Settings,
  Product extends PluginKinds[K],
>(definition: PluginDefinition<K, Id, Options, Settings, Product>): Plugin<K, Id, Options, Product> {
  const { kind, id, packageName, optionsSchema } = definition;
  const plugin = (options?: Options) => {
    const settings = requireValid(optionsSchema, options, `Options of ${kind} "${id}"`);
    const manifest = {
      $plugin: `${kind}/${id}`,
      ...(options === undefined ? {} : { options }),
    } as ComponentManifest<K>;
    const completeManifest = { $plugin: `${kind}/${id}`, options: settings } as ComponentManifest<K>;
    const product = ownObject(definition.create(settings), `${kind} "${id}"`);
    return Object.assign(product, { manifest, completeManifest, toJSON: () => manifest });
  };
  return Object.assign(plugin, {
    kind,
    id,
    apiVersion: PLUGIN_API_VERSION,
    packageName,
    optionsSchema,
    fromData: definition.fromData,
    recognizes: definition.recognizes,
  }) as unknown as Plugin<K, Id, Options, Product>;
}

/**
 * What a plugin made, as an object that nobody else describes: one that is kept between calls, or that another plugin made, has a
 * manifest already, which is that of its own options.
 *
 * @throws PluginError for what is no object, and for a promise of one
 */
function ownObject<Product extends object>(product: Product, name: string): Product {
  if (typeof product !== "object" || product === null || "then" in product) {
    const found = product instanceof Promise ? "a promise" : String(product);
    throw new PluginError(`${name}: expected its create to return an object at once, found ${found}.`);
  }
  return Object.hasOwn(product, "manifest") || !Object.isExtensible(product) ? { ...product } : product;
}
