import { statSync } from "node:fs";
import { join } from "node:path";
import { resolveAdapter } from "@blora/hub";
import type { Command } from "commander";
import { UsageError } from "../exit.ts";
import { printNote } from "../output/print-note.ts";
import { BUILTIN_MODEL } from "./builtin-model.ts";

/** Flags of every command that takes an adapter of the Hub. */
export interface AdapterFlags {
  readonly adapterRevision?: string | undefined;
  readonly offline?: boolean | undefined;
}

export function addAdapterRevision(command: Command): Command {
  return command.option("--adapter-revision <name>", "branch, tag or commit of an adapter of the Hub");
}

/** The adapter that a command's argument or its flag names. @throws UsageError where both do, and differ */
export function givenAdapter(argument: string | undefined, flag: string | undefined): string | undefined {
  if (argument === undefined || flag === undefined || argument === flag) return argument ?? flag;
  throw new UsageError(`--adapter ${flag}: expected one adapter, found ${argument} as the argument too.`);
}

/**
 * The adapter in a folder, the folder itself or `adapter/` of a run directory, or one of the Hub by its id.
 *
 * @throws UsageError for a revision of a folder
 */
export async function adapterFolder(path: string, { adapterRevision, offline }: AdapterFlags = {}): Promise<string> {
  requireOfHub("adapter", path, { flag: "--adapter-revision", revision: adapterRevision });
  if (isFolder(path)) return isFolder(join(path, "adapter")) ? join(path, "adapter") : path;
  return resolveAdapter(path, {
    onNote: printNote,
    ...(offline === undefined ? {} : { offline }),
    ...(adapterRevision === undefined ? {} : { revision: adapterRevision }),
  });
}

/** @throws UsageError for a revision of what is on this machine: it has one content, which may be another than is asked for */
export function requireOfHub(
  what: string,
  name: string,
  { flag, revision }: { readonly flag: string; readonly revision: string | undefined },
): void {
  if (revision === undefined || !(name === BUILTIN_MODEL || isFolder(name))) return;
  const found = name === BUILTIN_MODEL ? "the built-in one" : `the folder ${name}`;
  throw new UsageError(
    `${flag} ${revision}: expected beside a name of the Hub, found ${found} as ${what}. Leave it out.`,
  );
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
