import { type AnyPlugin, InvalidInputError, isJsonRecord, NotFoundError, requireValid } from "@blora/spec";
import { assertDepth, assertKey, shown } from "./untrusted-json.ts";

/** Finds a plugin or throws `NotFoundError`. */
type FindPlugin = (kind: string, id: string) => AnyPlugin;

const MANIFEST_KEYS: ReadonlySet<string> = new Set(["$plugin", "options", "package", "version"]);
const REFERENCE = /^([A-Za-z]+)\/(.+)$/s;
const PACKAGE_NAME = /^(@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/;

/** The component a manifest describes. `kind`, where given, is what the manifest must be of. */
export function resolveManifest(manifest: unknown, kind: string | undefined, find: FindPlugin): unknown {
  if (!isJsonRecord(manifest) || !Object.hasOwn(manifest, "$plugin")) {
    throw new InvalidInputError(`A manifest must be an object with a "$plugin" key, found ${shown(manifest)}.`);
  }
  return resolveComponent(manifest, { find, kind, place: "manifest", depth: 0 });
}

/** Where the walk stands. */
interface Position {
  readonly find: FindPlugin;
  readonly kind: string | undefined;
  /** Path of keys from the root, for error messages. */
  readonly place: string;
  readonly depth: number;
}

function resolveComponent(manifest: Readonly<Record<string, unknown>>, position: Position): unknown {
  const { place } = position;
  for (const key of Object.keys(manifest)) {
    assertKey(key, place);
    if (!MANIFEST_KEYS.has(key)) {
      throw new InvalidInputError(`${place} has a key "${key}", expected only ${[...MANIFEST_KEYS].join(", ")}.`);
    }
  }
  const [kind, id] = reference(manifest.$plugin, place);
  if (position.kind !== undefined && kind !== position.kind) {
    throw new InvalidInputError(`${place}.$plugin must name a ${position.kind}, found ${shown(manifest.$plugin)}.`);
  }
  const plugin = findWithAdvice(manifest, kind, id, position);
  const options = resolveValue(manifest.options, below(position, "options"));
  const what = `${place}: wrong options of ${plugin.kind} "${plugin.id}"`;
  requireValid(plugin.optionsSchema, options, what);
  // As they were given, so that the component writes the same manifest again, to the last letter.
  return plugin(options as never);
}

function reference(value: unknown, place: string): readonly [kind: string, id: string] {
  const match = typeof value === "string" ? REFERENCE.exec(value) : null;
  if (match === null) {
    throw new InvalidInputError(`${place}.$plugin must be "kind/id", found ${shown(value)}.`);
  }
  return [match[1]!, match[2]!];
}

/** Says how to get the package a manifest names, when the component is not there. */
function findWithAdvice(
  manifest: Readonly<Record<string, unknown>>,
  kind: string,
  id: string,
  { find, place }: Position,
): AnyPlugin {
  try {
    return find(kind, id);
  } catch (error) {
    const name = manifest.package;
    if (!(error instanceof NotFoundError) || name === undefined) throw error;
    if (typeof name !== "string" || !PACKAGE_NAME.test(name)) {
      throw new InvalidInputError(`${place}.package must be the name of an npm package, found ${shown(name)}.`);
    }
    throw new NotFoundError(
      `${error.message} The manifest says it comes from the package ${name}: if you trust it, run npm install ${name} and register its plugin.`,
      { cause: error },
    );
  }
}

function resolveValue(value: unknown, position: Position): unknown {
  assertDepth(position.depth, position.place);
  if (Array.isArray(value)) return value.map((item, index) => resolveValue(item, below(position, index)));
  if (!isJsonRecord(value)) return value;
  if (Object.hasOwn(value, "$plugin")) return resolveComponent(value, position);
  const entries = Object.entries(value).map(([key, item]) => {
    assertKey(key, position.place);
    return [key, resolveValue(item, below(position, key))] as const;
  });
  return Object.fromEntries(entries);
}

function below(position: Position, key: string | number): Position {
  const step = typeof key === "number" ? `[${key}]` : `.${key}`;
  return { find: position.find, kind: undefined, place: position.place + step, depth: position.depth + 1 };
}
