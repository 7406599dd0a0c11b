import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { isJsonRecord, type JsonRecord } from "@blora/spec";

/** Whose code an error that nobody expected came from. */
export type Culprit = { readonly kind: "ours" | "user" } | { readonly kind: "plugin"; readonly name: string };

/**
 * Reads a stack from where the error was thrown up to the first file that answers for it. Libraries are passed over: they were
 * called wrongly, by one of this product's packages, by a plugin, which is built on these, or by a file of the user's.
 */
export function culpritOf(stack: string): Culprit {
  for (const file of filesOf(stack)) {
    const owner = packageOf(file);
    const folders = file.split(/[\\/]/);
    const isInstalled = folders.includes("node_modules");
    // Beside its builds this repository has examples and recipes, which are there to be changed.
    if (owner?.name.startsWith("@blora/") && (isInstalled || folders.includes("dist"))) return { kind: "ours" };
    if (!isInstalled) return { kind: "user" };
    if (owner?.isPlugin) return { kind: "plugin", name: owner.name };
  }
  return { kind: "ours" };
}

function filesOf(stack: string): string[] {
  return stack.split("\n").flatMap((line) => {
    const file = /^\s+at (?:.*\()?(.+?):\d+:\d+\)?$/.exec(line)?.[1];
    if (file === undefined || file.startsWith("node:")) return [];
    return [file.startsWith("file:") ? fileURLToPath(file) : file];
  });
}

/** The package that a file belongs to; undefined where it has none. */
function packageOf(file: string): { readonly name: string; readonly isPlugin: boolean } | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const manifest = readManifest(join(folder, "package.json"));
    if (typeof manifest?.name === "string") return { name: manifest.name, isPlugin: isBuiltOnSpec(manifest) };
    if (folder === dirname(folder)) return undefined;
  }
}

function isBuiltOnSpec({ dependencies, peerDependencies }: JsonRecord): boolean {
  return [dependencies, peerDependencies].some((names) => isJsonRecord(names) && "@blora/spec" in names);
}

function readManifest(path: string): JsonRecord | undefined {
  try {
    const manifest: unknown = JSON.parse(readFileSync(path, "utf8"));
    return isJsonRecord(manifest) ? manifest : undefined;
  } catch {
    return undefined;
  }
}
