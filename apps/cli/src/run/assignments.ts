import { isDeepStrictEqual } from "node:util";
import type { BloraError, ComponentManifest, PluginKind } from "@blora/spec";
import { UsageError } from "../exit.ts";
import type { Assignment, RunRequest } from "./request.ts";
import { type OptionTree, parseAssignment, withOption } from "./set-option.ts";

/** Components whose options `--set` reaches by their name. */
const COMPONENTS = ["method", "task", "engine"] as const;
type ComponentName = (typeof COMPONENTS)[number];

export type Assignments = Readonly<Record<ComponentName | "arguments", readonly Assignment[]>>;

/**
 * The values flags set, later ones winning: `method.rank=4`,
 * `method.quantizer.bits=[0,4]`, `engine.threads=1`, and any training argument
 * by its bare name, `learningRate=1e-3`. Flags with a name of their own come first.
 */
export function assignmentsOf(request: RunRequest): Assignments {
  const [named, set] = [namedFlags(request), setFlags(request)];
  const both = (name: keyof Assignments) => [...named[name], ...set[name]];
  return { arguments: both("arguments"), method: both("method"), task: both("task"), engine: both("engine") };
}

/** Of flags with a name of their own. */
function namedFlags({ seed, bopsTarget, backend, threads, taskFlags = [] }: RunRequest): Assignments {
  const named = (flag: string, value: unknown, ...path: string[]) =>
    value === undefined ? [] : [{ flag: `--${flag} ${value}`, path, value }];
  return {
    arguments: named("seed", seed, "seed"),
    method: named("bops-target", bopsTarget, "bopsTarget"),
    task: taskFlags,
    engine: [...named("backend", backend, "backend"), ...named("threads", threads, "threads")],
  };
}

/** Of `--set`. */
function setFlags({ set = [] }: RunRequest): Assignments {
  const all = set.map((text) => ({ flag: `--set ${text}`, ...parseAssignment(text) }));
  const below = (name: ComponentName): Assignment[] =>
    all
      .filter(({ path }) => path[0] === name && path.length > 1)
      .map((assignment) => ({ ...assignment, path: assignment.path.slice(1) }));
  return {
    arguments: all.filter(({ path }) => path.length === 1 || !(COMPONENTS as readonly string[]).includes(path[0]!)),
    method: below("method"),
    task: below("task"),
    engine: below("engine"),
  };
}

/** @throws UsageError where a flag of its own and a `--set` say another value of one option: no order tells which is meant */
export function requireOneValue(request: RunRequest): void {
  const set = setFlags(request);
  for (const [name, own] of Object.entries(namedFlags(request)) as [keyof Assignments, readonly Assignment[]][]) {
    for (const { flag, path, value } of own) {
      const other = set[name].find((one) => isDeepStrictEqual(one.path, path) && !isDeepStrictEqual(one.value, value));
      if (other === undefined) continue;
      throw new UsageError(`${flag}: expected one value of this option, found ${other.flag} too.`);
    }
  }
}

/** A manifest with one option changed. Options of nested components are reached without naming `options`. */
export function manifestWith<K extends PluginKind>(
  manifest: ComponentManifest<K>,
  { path, value }: Pick<Assignment, "path" | "value">,
): ComponentManifest<K> {
  const options = (manifest.options ?? {}) as OptionTree;
  const [key, ...rest] = path as [string, ...string[]];
  const nested = options[key];
  if (rest.length > 0 && isManifest(nested)) {
    return { ...manifest, options: { ...options, [key]: manifestWith(nested, { path: rest, value }) } };
  }
  return { ...manifest, options: withOption(options, path, value) };
}

/** The flags that an error is about, of those of one component. */
export function blamed(error: BloraError, assignments: readonly Assignment[]): readonly Assignment[] {
  const { wrongOptions = [] } = error;
  return assignments.filter(({ path }) => path.some((key) => wrongOptions.includes(key)));
}

/** Flags as they were written, in front of what is wrong with them. */
export function flagsOf(assignments: readonly Assignment[]): string {
  return assignments.map(({ flag }) => flag).join(" ");
}

export function isManifest(value: unknown): value is ComponentManifest {
  return typeof value === "object" && value !== null && "$plugin" in value;
}
