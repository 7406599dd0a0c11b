import {
  type Component,
  type ComponentManifest,
  InvalidInputError,
  isJsonRecord,
  type Json,
  type PluginKind,
} from "@blora/spec";
import { assertDepth, assertKey, shown } from "./untrusted-json.ts";

/** A manifest as files hold it: plain JSON that also says which package to install. */
export interface StoredManifest<K extends PluginKind = PluginKind> extends ComponentManifest<K> {
  readonly options?: Json;
  /** npm package that provides the component. */
  readonly package?: string;
  /** Version of that package when the manifest was written. */
  readonly version?: string;
}

/** Which package provides the component `kind/id`. */
export type PackageLookup = (reference: string) => PackageReference | undefined;

export interface PackageReference {
  readonly package: string;
  readonly version?: string;
}

/**
 * The manifest of a component as plain JSON with every default in place, components inside its options
 * included. `Registry.resolve` is the way back.
 *
 * @throws {InvalidInputError} naming the option that JSON cannot hold: a function, NaN, an infinity, a typed array, …
 *
 * @example
 * const text = JSON.stringify(writeManifest(method));
 * const same = registry.resolve(JSON.parse(text), "method");
 */
export function writeManifest<K extends PluginKind>(
  component: Component<K>,
  packageOf: PackageLookup = () => undefined,
): StoredManifest<K> {
  return stored(completeOf(component), "manifest", 0, packageOf) as unknown as StoredManifest<K>;
}

function stored(manifest: ComponentManifest, place: string, depth: number, packageOf: PackageLookup): Json {
  const { $plugin, options } = manifest;
  return {
    $plugin,
    ...(options === undefined ? {} : { options: plain(options, `${place}.options`, depth + 1, packageOf) }),
    ...packageOf($plugin),
  };
}

function plain(value: unknown, place: string, depth: number, packageOf: PackageLookup): Json {
  assertDepth(depth, place);
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((item, index) => plain(item, `${place}[${index}]`, depth + 1, packageOf));
  if (isComponent(value)) return stored(completeOf(value), place, depth, packageOf);
  if (isJsonRecord(value) && isPlain(value)) return plainRecord(value, place, depth, packageOf);
  throw new InvalidInputError(`${place} must be a value that JSON can hold, found ${shown(value)}.`);
}

function plainRecord(
  value: Readonly<Record<string, unknown>>,
  place: string,
  depth: number,
  packageOf: PackageLookup,
): Json {
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => {
      assertKey(key, place);
      return [key, plain(item, `${place}.${key}`, depth + 1, packageOf)] as const;
    });
  return Object.fromEntries(entries);
}

function isComponent(value: unknown): value is { readonly manifest: ComponentManifest } {
  return isJsonRecord(value) && isJsonRecord(value.manifest) && typeof value.manifest.$plugin === "string";
}

/** Typed arrays, dates and maps would come back as something else. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Components of an earlier plugin API know only what they were given. */
function completeOf(component: {
  readonly manifest: ComponentManifest;
  readonly completeManifest?: ComponentManifest;
}) {
  return component.completeManifest ?? component.manifest;
}
