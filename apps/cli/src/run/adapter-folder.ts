import { statSync } from "node:fs";
import { join } from "node:path";
import { resolveAdapter } from "@blora/hub";
import type { Command } from "commander";
import { printNote } from "../output/print-note.ts";

/** Flags of every command that takes an adapter of the Hub. */
export interface AdapterFlags {
  readonly adapterRevision?: string | undefined;
  readonly offline?: boolean | undefined;
}

export function addAdapterRevision(command: Command): Command {
  return command.option("--adapter-revision <name>", "branch, tag or commit of an adapter of the Hub");
}

/** The adapter in a folder, the folder itself or `adapter/` of a run directory, or one of the Hub by its id. */
export async function adapterFolder(path: string, { adapterRevision, offline }: AdapterFlags = {}): Promise<string> {
  if (isFolder(path)) return isFolder(join(path, "adapter")) ? join(path, "adapter") : path;
  return resolveAdapter(path, {
    onNote: printNote,
    ...(offline === undefined ? {} : { offline }),
    ...(adapterRevision === undefined ? {} : { revision: adapterRevision }),
  });
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
