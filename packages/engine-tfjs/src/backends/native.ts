import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import nodeUtil from "node:util";
import { MissingDependencyError } from "@blora/spec";
import { engine, env, findBackend, getBackend } from "@tensorflow/tfjs-core";
import { activate } from "./activate.ts";
import type { Backend } from "./backend.ts";

/** The npm package behind each native backend. */
export const NATIVE_PACKAGES = {
  tensorflow: "@tensorflow/tfjs-node",
  "tensorflow-gpu": "@tensorflow/tfjs-node-gpu",
} as const;

export type NativeBackendId = keyof typeof NATIVE_PACKAGES;

const REGISTRY_NAME = "tensorflow";

/** Names the project a native backend was built in, where that is not the current one. */
export const MODULE_FOLDER_VARIABLE = "BLORA_NATIVE_FOLDER";

interface NativeBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: { readonly TF_Version: string };
}

/**
 * TensorFlow itself, by tfjs-node or tfjs-node-gpu. `moduleFolder` is a project
 * with the package in its node_modules. Throws `MissingDependencyError` where
 * the package is absent or does not load.
 */
export async function loadNative(id: NativeBackendId, moduleFolder: string | undefined): Promise<Backend> {
  const backend = (registeredBackend() ?? requireBackend(id, moduleFolder)) as NativeBackend;
  // Asked for a GPU, computing on the CPU in silence would be worse than an error.
  if (backend.isUsingGpuDevice !== (id === "tensorflow-gpu")) {
    const found = backend.isUsingGpuDevice ? "computes on a GPU" : "found no GPU it can use";
    throw new MissingDependencyError(
      `Backend "${id}" is not available: the TensorFlow of this process ${found}, and tfjs keeps one per process.`,
    );
  }
  return {
    id,
    registryName: REGISTRY_NAME,
    threads: threadCount(),
    version: `TensorFlow ${backend.binding.TF_Version}`,
  };
}

function registeredBackend(): unknown {
  return engine().registry[REGISTRY_NAME];
}

function requireBackend(id: NativeBackendId, moduleFolder: string | undefined): unknown {
  const packageName = NATIVE_PACKAGES[id];
  const folders = moduleFolders(moduleFolder);
  const requireFrom = folders
    .map((folder) => createRequire(join(folder, "package.json")))
    .find((require) => canResolve(require, packageName));
  if (requireFrom === undefined) {
    throw new MissingDependencyError(
      `Backend "${id}" needs ${packageName}, which is in none of ${folders.join(", ")}: run "npm install ${packageName}@4.22.0" there, or build it with "blora native".`,
    );
  }
  const previous = getBackend();
  try {
    quietly(() => requireFrom(packageName));
  } catch (error) {
    const [reason] = String(error instanceof Error ? error.message : error).split("\n");
    throw new MissingDependencyError(
      `Backend "${id}" does not load from ${requireFrom.resolve(packageName)} (${reason}): build it with "blora native".`,
      { cause: error },
    );
  }
  // The package makes itself the current backend.
  if (previous) activate(previous);
  return findBackend(REGISTRY_NAME);
}

/** Where the package is looked for. An explicit folder is the only one. */
function moduleFolders(moduleFolder: string | undefined): string[] {
  const named = moduleFolder ?? process.env[MODULE_FOLDER_VARIABLE];
  return named === undefined ? [process.cwd(), import.meta.dirname] : [resolve(named)];
}

function canResolve(require: NodeJS.Require, packageName: string): boolean {
  try {
    require.resolve(`${packageName}/package.json`);
    return true;
  } catch {
    return false;
  }
}

/** Loads a native package without its greetings and warnings, on Nodes it does not know. */
function quietly(load: () => void): void {
  restoreRemovedUtilities();
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
  const wasProduction = env().getBool("PROD");
  // The package brings its own copies of the portable kernels and would report each as registered twice.
  env().set("PROD", true);
  try {
    load();
  } finally {
    env().set("PROD", wasProduction);
  }
}

/** Node 23 removed functions that tfjs-node 4.22 calls. */
function restoreRemovedUtilities(): void {
  const util = nodeUtil as unknown as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown): boolean => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}

function threadCount(): number {
  const limit = Number(process.env.TF_NUM_INTRAOP_THREADS);
  return limit > 0 ? limit : availableParallelism();
}
